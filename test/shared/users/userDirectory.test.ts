import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PipelinePolicy, RestError } from '@azure/core-rest-pipeline';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { type StorageEmulator, startStorageEmulator } from '../../../local/storage/startStorageEmulator.ts';
import { AcsIdentity } from '../../../shared/acs/acsIdentity.ts';
import type { EndUser } from '../../../shared/callers/caller.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { connectionStringClients } from '../../../shared/acs/identityClients.ts';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { TokenService } from '../../../shared/tokenService.ts';
import { UserDirectory } from '../../../shared/users/userDirectory.ts';
import { userTable } from '../../../shared/users/userTable.ts';
import { openDeadline } from '../support/openDeadline.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

let acs: AcsEmulator;
let storage: StorageEmulator;
beforeAll(async () => {
  [acs, storage] = await Promise.all([startAcsEmulator(), startStorageEmulator()]);
  await storage.createTable('users');
});
afterAll(async () => {
  await Promise.all([acs.close(), storage.stop()]);
});

const signal = new AbortController().signal;
const options = { scopes: ['chat'], expiresInMinutes: 60 } as const;
const noCredential = { getToken: () => Promise.resolve(null) };
const never = new Promise<never>(() => undefined);

/** Where a process stops: at its n-th request to the table, before it is sent or before its response arrives. */
interface Failpoint {
  request: number;
  at: 'request' | 'response';
}

/** A service of its own; `stopped` resolves when it has reached its failpoint, after which it does nothing more. */
function startService(failpoint?: Failpoint) {
  const reached = Promise.withResolvers<string>();
  let requests = 0;
  const stop: PipelinePolicy = {
    name: 'stop',
    async sendRequest(request, next) {
      requests += 1;
      if (failpoint === undefined || requests < failpoint.request) return next(request);
      if (failpoint.at === 'response' && requests === failpoint.request) await next(request);
      reached.resolve('stopped');
      return never;
    },
  };
  const table = userTable({ name: 'users', connectionString: storage.connectionString }, noCredential);
  table.pipeline.addPolicy(stop, { afterPhase: 'Retry' });
  const reader = new ConnectionStringReader(() => Promise.resolve(acs.connectionString()), {
    ttlMs: 60_000,
    timeoutMs: 5000,
  });
  const identity = new AcsIdentity(connectionStringClients(reader));
  const directory = new UserDirectory(table, (userId, abort) => identity.deleteUser(userId, abort));
  const tokens = new TokenService(identity, () => Promise.resolve(directory));
  return { table, directory, tokens, stopped: reached.promise };
}

/** A table client for a server of the test. */
function tableAt(url: string) {
  const connectionString = storage.connectionString.replace(
    /TableEndpoint=[^;]+/,
    `TableEndpoint=${url}/devstoreaccount1`,
  );
  return userTable({ name: 'users', connectionString }, noCredential);
}

let users = 0;
function newUser(): EndUser {
  users += 1;
  return { kind: 'user', subject: subjectKey('https://issuer.example', `user ${users}`) };
}

/** The next request succeeds; then ACS and the table hold exactly one identity of the user, besides `orphans`. */
async function expectRepaired(user: EndUser, countBefore: number, orphans = 0): Promise<void> {
  const { tokens, directory, table } = startService();

  const { token, user: owned } = await tokens.issueToken(user, 'me', options, signal);

  expect(await acs.isTokenValid(token)).toBe(true);
  expect(acs.identities.count - countBefore).toBe(1 + orphans);
  expect(await directory.find(user.subject, signal)).toBe(owned.communicationUserId);
  expect(await directory.ownerOf(owned.communicationUserId, signal)).toBe(user.subject);
  const rows: (string | undefined)[] = [];
  for await (const row of table.listEntities()) {
    if (row.partitionKey === user.subject || row['subject'] === user.subject) rows.push(row.rowKey);
  }
  expect(rows.sort()).toEqual(['mapping', 'owner']);
}

function failpoints(requests: number): Failpoint[] {
  return Array.from({ length: requests }, (_, index) => index + 1).flatMap((request) => [
    { request, at: 'request' },
    { request, at: 'response' },
  ]);
}

// A creation sends: find, candidate, owner, mapping, removal of the candidate.
test.each(failpoints(5))(
  'repairs a creation that stops at table request $request, before the $at',
  async (failpoint) => {
    const user = newUser();
    const before = acs.identities.count;
    const interrupted = startService(failpoint);

    const end = await Promise.race([
      interrupted.stopped,
      interrupted.tokens.issueToken(user, 'me', options, signal),
    ]);

    expect(end).toBe('stopped');
    // An identity that no row names is lost: ACS cannot list identities.
    const orphans = failpoint.request === 2 && failpoint.at === 'request' ? 1 : 0;
    await expectRepaired(user, before, orphans);
  },
);

// A deletion sends: find, get mapping, mark mapping, get mapping, delete owner, delete mapping.
test.each(failpoints(6))(
  'repairs a deletion that stops at table request $request, before the $at',
  async (failpoint) => {
    const user = newUser();
    const before = acs.identities.count;
    await startService().tokens.issueToken(user, 'me', options, signal);
    const interrupted = startService(failpoint);

    const end = await Promise.race([interrupted.stopped, interrupted.tokens.deleteUser(user, 'me', signal)]);

    expect(end).toBe('stopped');
    await expectRepaired(user, before);
  },
);

test.each(failpoints(6))(
  'returns no deleted identity after a deletion that stops at table request $request, before the $at',
  async (failpoint) => {
    const user = newUser();
    await startService().tokens.issueToken(user, 'me', options, signal);
    const interrupted = startService(failpoint);
    await Promise.race([interrupted.stopped, interrupted.tokens.deleteUser(user, 'me', signal)]);

    const { answer } = await startService().tokens.createUser(user, undefined, signal);

    expect(acs.identities.has(answer.user.communicationUserId)).toBe(true);
  },
);

test('repairs a deletion that stops before ACS responds', async () => {
  const user = newUser();
  const before = acs.identities.count;
  await startService().tokens.issueToken(user, 'me', options, signal);
  acs.faults.arm({ operation: 'deleteUser', at: 'response', delayMs: 600_000 });
  acs.requests.reset();
  const hanging = startService().tokens.deleteUser(user, 'me', signal);
  hanging.catch(() => undefined);
  while (acs.identities.count > before) await new Promise((next) => setImmediate(next));

  await expectRepaired(user, before);
});

test('leaves no row of an end user whom a service deletes', async () => {
  const user = newUser();
  const { tokens, table } = startService();
  const { answer } = await tokens.createUser(user, undefined, signal);

  const service = { kind: 'service', subject: subjectKey('https://issuer.example', 'backend') } as const;
  await tokens.deleteUser(service, answer.user.communicationUserId, signal);

  const rows: unknown[] = [];
  for await (const row of table.listEntities()) {
    if (row.partitionKey === user.subject || row['subject'] === user.subject) rows.push(row);
  }
  expect(rows).toEqual([]);
  expect(acs.identities.has(answer.user.communicationUserId)).toBe(false);
});

test('leaves one identity when many processes create it concurrently', async () => {
  const user = newUser();
  const before = acs.identities.count;
  const processes = Array.from({ length: 12 }, () => startService());

  const answers = await Promise.all(
    processes.map(({ tokens }) => tokens.issueToken(user, 'me', options, signal)),
  );

  expect(new Set(answers.map((answer) => answer.user.communicationUserId)).size).toBe(1);
  await expectRepaired(user, before);
});

test('creates one identity for concurrent requests to one process', async () => {
  const { directory } = startService();
  const { subject } = newUser();
  let creations = 0;
  const create = () => {
    creations += 1;
    return Promise.resolve({ userId: acs.identities.create() });
  };

  const users = await Promise.all(
    Array.from({ length: 10 }, () => directory.getOrCreate(subject, create, signal)),
  );

  expect(new Set(users.map(({ userId }) => userId)).size).toBe(1);
  expect(users.filter(({ created }) => created !== undefined)).toHaveLength(1);
  expect(creations).toBe(1);
});

test('keeps a mapping to another identity when one is removed', async () => {
  const { directory } = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);

  await directory.remove(subject, 'an earlier identity', signal);

  expect(await directory.find(subject, signal)).toBe(userId);
});

test('keeps a mapping that changes while it is removed', async () => {
  const { directory, table } = startService();
  const other = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);
  const changed = { partitionKey: subject, rowKey: 'mapping', communicationUserId: 'a newer identity' };
  table.pipeline.addPolicy({
    name: 'changeMapping',
    async sendRequest(request, next) {
      const removesMapping = request.method === 'DELETE' && request.url.includes("'mapping'");
      if (removesMapping) await other.table.upsertEntity(changed, 'Replace');
      return next(request);
    },
  });

  await directory.remove(subject, userId, signal);

  expect(await directory.find(subject, signal)).toBe('a newer identity');
});

test('does not mark a mapping that changes while its user is deleted', async () => {
  const { directory, table } = startService();
  const other = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);
  const newer = acs.identities.create();
  table.pipeline.addPolicy({
    name: 'changeMapping',
    async sendRequest(request, next) {
      if (request.method === 'PATCH') {
        const mapping = { partitionKey: subject, rowKey: 'mapping', communicationUserId: newer };
        await other.table.upsertEntity(mapping, 'Replace');
      }
      return next(request);
    },
  });

  await directory.delete(subject, userId, signal);

  expect(await directory.find(subject, signal)).toBe(newer);
  expect(acs.identities.has(newer)).toBe(true);
});

test('marks no mapping to another identity when one is deleted', async () => {
  const { directory } = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);
  const other = acs.identities.create();

  await directory.delete(subject, other, signal);

  expect(acs.identities.has(other)).toBe(false);
  expect(await directory.find(subject, signal)).toBe(userId);
});

test('finishes a deletion when it finds the mark', async () => {
  const { directory, table } = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);
  await table.updateEntity({ partitionKey: subject, rowKey: 'mapping', isDeleted: true }, 'Merge');

  expect(await directory.find(subject, signal)).toBeUndefined();

  expect(acs.identities.has(userId)).toBe(false);
  expect(await directory.ownerOf(userId, signal)).toBeUndefined();
});

test('removes a user that has no rows', async () => {
  const { directory } = startService();
  const { subject } = newUser();
  const userId = acs.identities.create();

  await directory.remove(subject, userId, signal);
  await directory.delete(subject, userId, signal);

  expect(await directory.find(subject, signal)).toBeUndefined();
  expect(await directory.ownerOf(userId, signal)).toBeUndefined();
  expect(acs.identities.has(userId)).toBe(false);
});

test.each(['POST', 'DELETE', 'PATCH', 'PUT'])('fails when the table fails at a %s', async (method) => {
  const { directory, table } = startService();
  const { subject } = newUser();
  const create = () => Promise.resolve({ userId: acs.identities.create() });
  const { userId } = await directory.getOrCreate(subject, create, signal);
  const newcomer = newUser().subject;
  table.pipeline.addPolicy({
    name: 'fail',
    sendRequest: (request, next) =>
      request.method === method
        ? Promise.reject(new RestError('failed', { statusCode: 500, request }))
        : next(request),
  });

  const calls = [directory.delete(subject, userId, signal), directory.getOrCreate(newcomer, create, signal)];
  const ends = await Promise.allSettled(calls);

  const failed = { status: 'rejected', reason: expect.objectContaining({ code: 'upstream_unavailable' }) };
  const done = expect.objectContaining({ status: 'fulfilled' });
  const writes = {
    POST: [done, failed],
    DELETE: [failed, failed],
    PATCH: [failed, done],
    PUT: [done, failed],
  };
  expect(ends).toEqual(writes[method as keyof typeof writes]);
});

test('gives up after 3 attempts when the mapping keeps appearing and disappearing', async () => {
  const scripted = await startScriptedServer();
  const exists = status(409, {}, { 'odata.error': { code: 'EntityAlreadyExists' } });
  const missing = status(404, {}, { 'odata.error': { code: 'ResourceNotFound' } });
  scripted.script.push(status(200, {}, { value: [] }), status(204), status(204));
  scripted.script.push(exists, missing, exists, missing, exists, missing);
  const directory = new UserDirectory(tableAt(scripted.url), () => Promise.resolve());

  const creating = directory.getOrCreate('subject', () => Promise.resolve({ userId: 'identity' }), signal);

  await expect(creating).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
  expect(scripted.requests).toHaveLength(9);
});

test('repeats a write that the table was too busy for', async () => {
  const scripted = await startScriptedServer();
  scripted.script.push(status(503), status(204));
  const deadline = openDeadline(20_000);

  await deadline.run(() =>
    tableAt(scripted.url).upsertEntity({ partitionKey: 'subject', rowKey: 'mapping' }, 'Replace', {
      abortSignal: deadline.signal,
    }),
  );

  deadline.end();
  expect(scripted.requests).toHaveLength(2);
});

test('deletes the new identity when the table rejects its row', async () => {
  const before = acs.identities.count;
  const { directory, table } = startService();
  const create = async () => {
    const userId = acs.identities.create();
    await table.deleteTable();
    return { userId };
  };

  const creating = directory.getOrCreate(newUser().subject, create, signal);

  await expect(creating).rejects.toMatchObject({ code: 'misconfigured' });
  expect(acs.identities.count).toBe(before);
  await storage.createTable('users');
});

test('keeps the new identity when the response to its row was lost', async () => {
  const { subject } = newUser();
  const { directory, table } = startService();
  let userId = '';
  const create = () => {
    userId = acs.identities.create();
    table.pipeline.addPolicy({
      name: 'lose the response',
      async sendRequest(request, next) {
        const response = await next(request);
        if (request.method !== 'PUT') return response;
        throw new RestError('socket hang up', { code: 'ECONNRESET', request });
      },
    });
    return Promise.resolve({ userId });
  };

  const creating = directory.getOrCreate(subject, create, signal);

  await expect(creating).rejects.toMatchObject({ code: 'upstream_unavailable' });
  expect(acs.identities.has(userId)).toBe(true);
  expect(await startService().directory.find(subject, signal)).toBe(userId);
});

test.each(['{}', 'null', '[]', '', '<html></html>', '{"value":[{}]}'])(
  'fails with upstream_unavailable when the table responds to a read with %j',
  async (body) => {
    const scripted = await startScriptedServer();
    scripted.script.push((response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body),
    );
    const directory = new UserDirectory(tableAt(scripted.url), () => Promise.resolve());

    for (const read of [directory.find('subject', signal), directory.ownerOf('user', signal)]) {
      await expect(read).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
  },
);

test('rejects rows of more than 1 MiB', async () => {
  const scripted = await startScriptedServer();
  scripted.script.push(status(200, {}, { value: [], other: 'x'.repeat(1024 * 1024) }));
  const directory = new UserDirectory(tableAt(scripted.url), () => Promise.resolve());

  await expect(directory.find('subject', signal)).rejects.toMatchObject({ code: 'upstream_unavailable' });
});

test('fails with misconfigured when the table does not exist', async () => {
  const { directory, table } = startService();
  await table.deleteTable();

  const found = directory.find('subject', signal);
  const owner = directory.ownerOf('identity', signal);

  await expect(found).rejects.toMatchObject({ code: 'misconfigured' });
  await expect(owner).rejects.toMatchObject({ code: 'misconfigured' });
  await storage.createTable('users');
});

test('keeps subjects apart, whatever their characters and length', async () => {
  const subjects = ['a/b\\c#d?e', '👩‍🚀', 'x'.repeat(10_000), '', ' ', '\0'].map((text) =>
    subjectKey('https://issuer.example', text),
  );
  const { tokens } = startService();

  const answers = await Promise.all(
    subjects.map((subject) => tokens.createUser({ kind: 'user', subject }, undefined, signal)),
  );

  expect(new Set(answers.map(({ answer }) => answer.user.communicationUserId)).size).toBe(subjects.length);
  expect(subjectKey('a', 'bc')).not.toBe(subjectKey('ab', 'c'));
});
