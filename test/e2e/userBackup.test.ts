import { request } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Listener, listen } from '../../local/emulator/listen.ts';
import { type StorageEmulator, startStorageEmulator } from '../../local/storage/startStorageEmulator.ts';
import { newUser, newUsers, toText } from '../tools/user-backup/newUsers.ts';
import { hasSignals, runCommand } from './command.ts';

let storage: StorageEmulator;
let folder: string;
beforeAll(async () => {
  storage = await startStorageEmulator();
  await storage.createTable('users');
});
afterAll(() => storage.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'user-backup-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (command: 'backup-users' | 'restore-users', connectionString: string, ...args: string[]) =>
  runCommand(`tools/${command}.ts`, ['--connection-string', connectionString, ...args]);

/** Passes requests on to the storage emulator, but never the n-th request for a page of users. */
async function holdPage(
  page: number,
): Promise<{ proxy: Listener; connectionString: string; held: Promise<void> }> {
  const held = Promise.withResolvers<undefined>();
  const port = new URL(/http:[^;]*/.exec(storage.connectionString)?.[0] ?? '').port;
  let pages = 0;
  const proxy = await listen((incoming, response) => {
    if (incoming.url?.includes('filter')) pages += 1;
    if (pages === page) {
      held.resolve(undefined);
      return;
    }
    const { method, headers, url } = incoming;
    const outgoing = request({ port, method, headers, path: url }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    incoming.pipe(outgoing);
  });
  const connectionString = storage.connectionString.replace(`:${port}/`, `:${proxy.port}/`);
  return { proxy, connectionString, held: held.promise };
}

const testWithSignals = hasSignals ? test : test.skip;

testWithSignals(
  'a backup that Ctrl-C ended continues where it stopped',
  async () => {
    const seed = join(folder, 'seed.ndjson');
    const file = join(folder, 'users.ndjson');
    await writeFile(seed, toText(newUsers(700)));
    const seeding = run('restore-users', storage.connectionString, seed);
    expect([await seeding.ended, seeding.output()]).toEqual([
      0,
      expect.stringContaining('700 users restored'),
    ]);
    const { proxy, connectionString, held } = await holdPage(2);

    const interrupted = run('backup-users', connectionString, file);
    await held;
    interrupted.child.kill('SIGINT');
    expect(await interrupted.ended).toBe(130);
    await proxy.close();
    const resumed = run('backup-users', storage.connectionString, file);

    expect([await resumed.ended, resumed.output()]).toEqual([0, expect.any(String)]);
    expect(interrupted.output()).toContain('Run the same command again to continue.');
    expect(resumed.output()).toContain('after 500 users');
    expect(resumed.output()).toContain(`${file} has 700 users. It contains personal data`);
    expect(await readFile(file, 'utf8')).toBe(await readFile(seed, 'utf8'));
  },
  60_000,
);

test('a restore exits with 1 and the counts when the table has another value', async () => {
  const file = join(folder, 'users.ndjson');
  const user = newUser();
  await writeFile(file, toText([user, newUser()]));
  expect(await run('restore-users', storage.connectionString, file).ended).toBe(0);
  await writeFile(file, toText([{ ...newUser(), subject: user.subject }, newUser()]));

  const command = run('restore-users', storage.connectionString, file);

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain(`line 1: the table has another value for ${user.subject}`);
  expect(command.output()).toContain('1 users restored, 0 already in the table, 1 with another value.');
});

test('retries what the table rejects for a moment', async () => {
  const file = join(folder, 'users.ndjson');
  let requests = 0;
  const server = await listen((_, response) => {
    requests += 1;
    if (requests === 1) response.writeHead(503, { 'Retry-After': '0' }).end();
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"value":[]}');
  });
  const { port } = server;
  const connectionString = storage.connectionString.replace(/127.0.0.1:\d+/, `127.0.0.1:${port}`);

  const command = run('backup-users', connectionString, file);

  expect([await command.ended, command.output()]).toEqual([0, expect.stringContaining('has 0 users')]);
  expect(requests).toBe(2);
  await server.close();
});

test('takes the page of a proxy for a failure, not for an empty table', async () => {
  const server = await listen((_, response) => response.end('<html>Sign in</html>'));
  const connectionString = storage.connectionString.replace(/127.0.0.1:\d+/, `127.0.0.1:${server.port}`);

  const command = run('backup-users', connectionString, join(folder, 'users.ndjson'));

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('The table failed');
  await server.close();
});

test('says so when the table does not exist', async () => {
  const command = run('backup-users', storage.connectionString, '--table', 'nothing', join(folder, 'file'));

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('The table nothing does not exist.');
});

const azure = ['--table-endpoint', 'https://account.table.core.windows.net/'];

test.each([
  { args: ['file'], message: '--table-endpoint is required' },
  { args: azure, message: 'The name of the file is required' },
  { args: [...azure, 'file', 'other'], message: "Unexpected argument 'other'" },
  { args: [...azure, '--table', 'a-b', 'file'], message: '--table must have' },
  {
    args: ['--table-endpoint', 'http://account.table.core.windows.net', 'file'],
    message: 'must be an https URL',
  },
  { args: ['--tabel', 'users'], message: 'Did you mean --table?' },
  {
    args: [
      '--connection-string',
      'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=cw==;TableEndpoint=https://a.example/',
      'file',
    ],
    message: 'must name the storage emulator on loopback',
  },
])('exits with 2: $message', async ({ args, message }) => {
  const command = runCommand('tools/restore-users.ts', args);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain(message);
});

test('asks for a login when the Azure CLI is missing', async () => {
  const command = runCommand('tools/backup-users.ts', [...azure, join(folder, 'file')], { PATH: '' });

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Run az login');
});
