import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { TableClient } from '@azure/data-tables';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { type StorageEmulator, startStorageEmulator } from '../../../local/storage/startStorageEmulator.ts';
import { AcsIdentity } from '../../../shared/acs/acsIdentity.ts';
import type { EndUser } from '../../../shared/callers/caller.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { connectionStringClients } from '../../../shared/acs/identityClients.ts';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { TokenService } from '../../../shared/tokenService.ts';
import { UserDirectory } from '../../../shared/users/userDirectory.ts';

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
const never = new Promise<never>(() => undefined);

/** Stands for a process that stops at its n-th request to the table: before it is sent, or before the answer. */
interface Failpoint {
  request: number;
  at: 'request' | 'answer';
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
      if (failpoint.at === 'answer' && requests === failpoint.request) await next(request);
      reached.resolve('stopped');
      return never;
    },
  };
  const table = TableClient.fromConnectionString(storage.connectionString, 'users', {
    allowInsecureConnection: true,
    additionalPolicies: [{ policy: stop, position: 'perRetry' }],
  });
  const reader = new ConnectionStringReader(() => Promise.resolve(acs.connectionString()), {
    ttlMs: 60_000,
    timeoutMs: 5000,
  });
  const identity = new AcsIdentity(connectionStringClients(reader));
  const directory = new UserDirectory(table, (userId, abort) => identity.deleteUser(userId, abort));
  const tokens = new TokenService(identity, () => Promise.resolve(directory));
  return { table, directory, tokens, stopped: reached.promise };
}

let users = 0;
function newUser(): EndUser {
  users += 1;
  return { kind: 'user', subject: subjectKey('https://issuer.example', `user ${users}`) };
}

/** The user gets a token, and table and ACS hold exactly its one identity, both ways, and `orphans` besides. */
async function expectMended(user: EndUser, aliveBefore: number, orphans = 0): Promise<void> {
  const { tokens, directory, table } = startService();

  const { token, user: owned } = await tokens.issueToken(user, 'me', options, signal);

  expect(await acs.isTokenValid(token)).toBe(true);
  expect(acs.identities.count - aliveBefore).toBe(1 + orphans);
  expect(await directory.find(user.subject, signal)).toBe(owned.communicationUserId);
  expect(await directory.ownerOf(owned.communicationUserId, signal)).toBe(user.subject);
  const rows: (string | undefined)[] = [];
  for await (const row of table.listEntities()) {
    if (row.partitionKey === user.subject) rows.push(row.rowKey);
  }
  expect(rows).toEqual(['mapping']);
}

// find, candidate, owner, mapping, end of the candidacy
const steps = [1, 2, 3, 4, 5];
const failpoints = steps.flatMap((request) => [
  { request, at: 'request' as const },
  { request, at: 'answer' as const },
]);

test.each(failpoints)(
  'mends a creation that stops at table request $request, at the $at',
  async (failpoint) => {
    const user = newUser();
    const before = acs.identities.count;
    const broken = startService(failpoint);

    const end = await Promise.race([broken.stopped, broken.tokens.issueToken(user, 'me', options, signal)]);

    expect(end).toBe('stopped');
    // An identity that was noted nowhere is lost: ACS has no list of them.
    const orphans = failpoint.request === 2 && failpoint.at === 'request' ? 1 : 0;
    await expectMended(user, before, orphans);
  },
);

// find, owner, mapping, way back, mapping
test.each(failpoints)(
  'mends a deletion that stops at table request $request, at the $at',
  async (failpoint) => {
    const user = newUser();
    const before = acs.identities.count;
    await startService().tokens.issueToken(user, 'me', options, signal);
    const broken = startService(failpoint);

    const end = await Promise.race([broken.stopped, broken.tokens.deleteUser(user, 'me', signal)]);

    expect(end).toBe('stopped');
    await expectMended(user, before);
  },
);

test('mends a deletion that stops before ACS has answered', async () => {
  const user = newUser();
  const before = acs.identities.count;
  await startService().tokens.issueToken(user, 'me', options, signal);
  acs.faults.arm({ operation: 'deleteUser', at: 'response', delayMs: 600_000 });
  acs.requests.reset();
  const hanging = startService().tokens.deleteUser(user, 'me', signal);
  hanging.catch(() => undefined);
  while (acs.identities.count > before) await new Promise((next) => setImmediate(next));

  await expectMended(user, before);
});

test('leaves one identity when many processes create it at the same time', async () => {
  const user = newUser();
  const before = acs.identities.count;
  const processes = Array.from({ length: 12 }, () => startService());

  const answers = await Promise.all(
    processes.map(({ tokens }) => tokens.issueToken(user, 'me', options, signal)),
  );

  expect(new Set(answers.map((answer) => answer.user.communicationUserId)).size).toBe(1);
  await expectMended(user, before);
});

test('takes back an identity that the table refuses to note', async () => {
  const before = acs.identities.count;
  const { directory, table } = startService();
  await table.deleteTable();

  const creating = directory.getOrCreate(
    newUser().subject,
    async () => {
      const created = { userId: acs.identities.create() };
      await Promise.resolve();
      return created;
    },
    signal,
  );

  await expect(creating).rejects.toMatchObject({ code: 'misconfigured' });
  expect(acs.identities.count).toBe(before);
  await storage.createTable('users');
});

test('keeps subjects with any characters and of any length apart', async () => {
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
