import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TableClient } from '@azure/data-tables';
import { type StorageEmulator, startStorageEmulator } from '../../../local/storage/startStorageEmulator.ts';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { UserDirectory } from '../../../shared/users/userDirectory.ts';
import { userTable } from '../../../shared/users/userTable.ts';
import type { User } from '../../../tools/user-backup/backupFile.ts';
import { backupUsers } from '../../../tools/user-backup/backupUsers.ts';
import { restoreUsers } from '../../../tools/user-backup/restoreUsers.ts';
import { newUser, newUsers, toText } from './newUsers.ts';

let storage: StorageEmulator;
beforeAll(async () => {
  storage = await startStorageEmulator();
});
afterAll(() => storage.stop());

let folder: string;
let file: string;
let reports: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'user-backup-test-'));
  file = join(folder, 'users.ndjson');
  reports = [];
});
afterEach(() => rm(folder, { recursive: true }));

const noCredential = { getToken: () => Promise.resolve(null) };
const signal = new AbortController().signal;
const report = (line: string) => reports.push(line);
const options = { signal, report };

let tables = 0;
async function newTable(): Promise<TableClient> {
  tables += 1;
  const name = `users${tables}`;
  await storage.createTable(name);
  return connect(name);
}

function connect(name: string): TableClient {
  return userTable({ name, connectionString: storage.connectionString }, noCredential);
}

/** A table with these users, and the file that they were restored from. */
async function newTableOf(users: User[]): Promise<TableClient> {
  const table = await newTable();
  const source = join(folder, `source-${tables}.ndjson`);
  await writeFile(source, toText(users));
  await restoreUsers(table, source, options);
  return table;
}

async function rowsOf(table: TableClient): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of table.listEntities()) rows.push({ ...row, etag: '', timestamp: '' });
  return rows;
}

/** Stops the backup at its n-th request for a page. */
function stopAtPage(table: TableClient, page: number): AbortSignal {
  const stop = new AbortController();
  let pages = 0;
  table.pipeline.addPolicy({
    name: 'stopAtPage',
    sendRequest(request, next) {
      if (request.url.includes('filter')) pages += 1;
      if (pages === page) stop.abort();
      return next(request);
    },
  });
  return stop.signal;
}

test('a restored table has the rows that the service wrote', async () => {
  const original = await newTable();
  const directory = new UserDirectory(original, () => Promise.resolve());
  for (let user = 0; user < 20; user += 1) {
    const userId = newUser().communicationUserId;
    await directory.getOrCreate(
      subjectKey('issuer', randomUUID()),
      () => Promise.resolve({ userId }),
      signal,
    );
  }
  const copy = await newTable();

  expect(await backupUsers(original, file, options)).toBe(20);
  const counts = await restoreUsers(copy, file, options);

  expect(counts).toEqual({ restored: 20, unchanged: 0, conflict: 0 });
  expect(await rowsOf(copy)).toEqual(await rowsOf(original));
  expect(await rowsOf(copy)).toHaveLength(40);
});

test('the service finishes a deletion that was in progress during the backup', async () => {
  const original = await newTable();
  const { subject, communicationUserId: userId } = newUser();
  const failing = new UserDirectory(original, () => Promise.reject(new Error('stopped')));
  await failing.getOrCreate(subject, () => Promise.resolve({ userId }), signal);
  await expect(failing.delete(subject, userId, signal)).rejects.toThrow('stopped');
  const copy = await newTable();

  await backupUsers(original, file, options);
  await restoreUsers(copy, file, options);
  const deleted: string[] = [];
  const directory = new UserDirectory(copy, (id) => {
    deleted.push(id);
    return Promise.resolve();
  });
  const found = await directory.find(subject, signal);

  expect(found).toBeUndefined();
  expect(deleted).toEqual([userId]);
  expect(await rowsOf(copy)).toEqual([]);
});

test('leaves out rows of creations in progress', async () => {
  const { subject, communicationUserId } = newUser();
  const table = await newTable();
  const rowKey = `candidate:${communicationUserId}`;
  await table.createEntity({ partitionKey: subject, rowKey, communicationUserId });

  expect(await backupUsers(table, file, options)).toBe(0);

  expect(await readFile(file, 'utf8')).toBe('');
});

test('ends with one correct file of 1,500 users, however often it is interrupted', async () => {
  const users = newUsers(1500);
  const { tableName } = await newTableOf(users);

  for (const page of [1, 2, 1, 2]) {
    const table = connect(tableName);
    const interrupted = backupUsers(table, file, { report, signal: stopAtPage(table, page) });
    await expect(interrupted).rejects.toThrow('aborted');
    expect(await readdir(folder)).not.toContain('users.ndjson');
  }
  const count = await backupUsers(connect(tableName), file, options);

  expect(count).toBe(1500);
  expect(reports).toContain(`Continuing ${file}.partial after 1000 users.`);
  expect(await readFile(file, 'utf8')).toBe(toText(users));
  expect(await readdir(folder)).not.toContain('users.ndjson.partial');
}, 180_000);

test('continues after a crash in the middle of a line', async () => {
  const users = newUsers(10);
  const table = await newTableOf(users);
  await writeFile(`${file}.partial`, toText(users.slice(0, 4)).slice(0, -20));

  expect(await backupUsers(table, file, options)).toBe(10);

  expect(await readFile(file, 'utf8')).toBe(toText(users));
  expect(reports[0]).toContain('after 3 users');
});

test('does not continue the backup of another table', async () => {
  const table = await newTableOf(newUsers(3));
  await writeFile(`${file}.partial`, toText(newUsers(2)));

  await expect(backupUsers(table, file, options)).rejects.toThrow('The file is of another table');
});

test('does not replace a complete backup', async () => {
  const table = await newTableOf(newUsers(3));
  await writeFile(file, 'kept');

  await expect(backupUsers(table, file, options)).rejects.toThrow(`${file} exists`);

  expect(await readFile(file, 'utf8')).toBe('kept');
});

// Windows has no file modes.
const testWithModes = process.platform === 'win32' ? test.skip : test;

testWithModes('only its owner can read a backup', async () => {
  const table = await newTableOf(newUsers(1));

  await backupUsers(table, file, options);

  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('skips the users that the table has, and restores the others', async () => {
  const users = newUsers(100);
  const table = await newTableOf(users.slice(0, 60));
  await writeFile(file, toText(users));

  const first = await restoreUsers(table, file, options);
  const second = await restoreUsers(table, file, options);

  expect(first).toEqual({ restored: 40, unchanged: 60, conflict: 0 });
  expect(second).toEqual({ restored: 0, unchanged: 100, conflict: 0 });
});

test('finishes users of whom an interrupted restore wrote one of the two rows', async () => {
  const users = newUsers(2);
  const table = await newTableOf(users);
  const rows = await rowsOf(table);
  const [first, second] = users;
  await table.deleteEntity(first?.subject ?? '', 'mapping');
  for await (const { partitionKey = '', rowKey = '', subject } of table.listEntities()) {
    if (subject === second?.subject) await table.deleteEntity(partitionKey, rowKey);
  }
  await writeFile(file, toText(users));

  const counts = await restoreUsers(table, file, options);

  expect(counts).toEqual({ restored: 2, unchanged: 0, conflict: 0 });
  expect(await rowsOf(table)).toEqual(rows);
});

const [one, other] = newUsers(2) as [User, User];

test.each([
  { title: 'a subject with another communication user', kept: { ...other, subject: one.subject } },
  { title: 'a communication user of another subject', kept: { ...one, subject: other.subject } },
  { title: 'a user whose deletion has begun', kept: { ...one, isDeleted: true as const } },
])('reports $title, and changes nothing', async ({ kept }) => {
  const table = await newTableOf([kept]);
  const before = await rowsOf(table);
  await writeFile(file, toText([one]));

  const counts = await restoreUsers(table, file, options);

  expect(counts).toEqual({ restored: 0, unchanged: 0, conflict: 1 });
  expect(reports).toEqual([
    expect.stringContaining(`line 1: the table has another value for ${one.subject}`),
  ]);
  expect(await rowsOf(table)).toEqual(before);
});

test.each([
  { title: 'no JSON', line: 'users' },
  { title: 'an empty line', line: '' },
  { title: 'a subject in clear', line: JSON.stringify({ ...one, subject: 'jane@example.com' }) },
  { title: 'an id of another kind', line: JSON.stringify({ ...one, communicationUserId: '8:orgid:1' }) },
  { title: 'an unknown field', line: JSON.stringify({ ...one, scopes: ['chat'] }) },
  { title: 'a missing field', line: JSON.stringify({ subject: one.subject }) },
])('writes nothing when a line has $title', async ({ line }) => {
  const table = await newTable();
  await writeFile(file, `${toText([other])}${line}\n${toText([one])}`);

  await expect(restoreUsers(table, file, options)).rejects.toThrow(`${file}, line 2: `);

  expect(await rowsOf(table)).toEqual([]);
});

test('writes nothing when the file was cut off', async () => {
  const table = await newTable();
  await writeFile(file, toText([one]));
  await appendFile(file, JSON.stringify(other));

  await expect(restoreUsers(table, file, options)).rejects.toThrow('line 2: the line does not end');

  expect(await rowsOf(table)).toEqual([]);
});

test('does not restore an incomplete backup', async () => {
  const table = await newTable();
  await writeFile(`${file}.partial`, toText([one]));

  await expect(restoreUsers(table, `${file}.partial`, options)).rejects.toThrow('is incomplete');

  expect(await rowsOf(table)).toEqual([]);
});

test('fails for a row that is not a user, instead of leaving it out', async () => {
  const table = await newTable();
  await table.createEntity({ partitionKey: one.subject, rowKey: 'mapping', communicationUserId: 'none' });

  await expect(backupUsers(table, file, options)).rejects.toThrow(`partition ${one.subject}`);
});
