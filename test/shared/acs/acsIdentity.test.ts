import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LocalAzure } from '../../../local/localAzure.ts';
import { AcsIdentity } from '../../../shared/acs/acsIdentity.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { azureCredential } from '../../../shared/azure/credential.ts';
import { connectionStringClients, keylessClients } from '../../../shared/acs/identityClients.ts';
import { type ReadSecret, vaultSecret } from '../../../shared/keyVault/vaultSecret.ts';
import { openDeadline, type OpenDeadline, underDeadline } from '../support/deadline.ts';
import { startAzureHere } from '../support/azureHere.ts';
import { type Answer, hang, startScriptedServer, status } from '../support/scriptedServer.ts';

const SECRET = 'acs-connection-string';
const REREAD_INTERVAL_MS = 10_000;
const chat = { scopes: ['chat'], expiresInMinutes: 60 } as const;
const foreignId = `8:acs:${randomUUID()}_${randomUUID()}`;

let azure: LocalAzure;
let deadline: OpenDeadline;
let acs: AcsIdentity;
/** The reader's clock, in milliseconds. */
let now = 0;

beforeAll(async () => {
  azure = await startAzureHere();
});

beforeEach(() => {
  azure.acs.faults.clear();
  azure.vault.faults.clear();
  azure.vault.setSecret(SECRET, azure.acs.connectionString());
  azure.vault.denyAccess(false);
  acs = throughVault();
  deadline = openDeadline(4000);
});

afterEach(() => {
  deadline.end();
});

afterAll(() => azure.close());

function managedIdentity(clientId = azure.identity.clientId) {
  return azureCredential({ managed: true, clientId });
}

function withSecret(readSecret: ReadSecret): AcsIdentity {
  const reader = new ConnectionStringReader(readSecret, { ttlMs: 1e9, timeoutMs: 2000, clock: () => now });
  return underDeadline(new AcsIdentity(connectionStringClients(reader)), () => deadline);
}

function throughVault(): AcsIdentity {
  return withSecret(vaultSecret(new URL(azure.vault.url), SECRET, managedIdentity()));
}

function keyless(credential = managedIdentity()): AcsIdentity {
  return underDeadline(
    new AcsIdentity(keylessClients(new URL(azure.acs.secureUrl ?? ''), credential)),
    () => deadline,
  );
}

/** A service in place of ACS that gives these answers. */
async function against(...script: Answer[]) {
  const server = await startScriptedServer();
  server.script.push(...script);
  const key = azure.acs.accessKeys.base64('primary');
  const scripted = withSecret(() => Promise.resolve(`endpoint=${server.url}/;accesskey=${key}`));
  return { acs: scripted, server };
}

/** Counts from here on. */
function resetSeen(): void {
  azure.acs.requests.reset();
  azure.vault.requests.reset();
}

const vaultReads = () => azure.vault.requests.count('getSecret');

function newDeadline(milliseconds: number): AbortSignal {
  deadline.end();
  deadline = openDeadline(milliseconds);
  return deadline.signal;
}

describe.each([
  ['with the access key', () => throughVault(), 1],
  ['with the managed identity alone', () => keyless(), 0],
])('%s', (_how, connect, reads) => {
  beforeEach(() => {
    resetSeen();
    acs = connect();
  });

  test('a user is created', async () => {
    const userId = await acs.createUser(deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(vaultReads()).toBe(reads);
  });

  test('a user and its token are created by one request', async () => {
    const { userId, token, expiresOn } = await acs.createUserAndToken(chat, deadline.signal);

    const minutes = (expiresOn.getTime() - Date.now()) / 60_000;
    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(await azure.acs.accessTokens.check(token)).toMatchObject({ valid: true });
    expect(minutes).toBeGreaterThan(59);
    expect(minutes).toBeLessThanOrEqual(60);
    expect(azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('a token is issued, revoked, and its user deleted', async () => {
    const userId = await acs.createUser(deadline.signal);

    const { token } = await acs.issueToken(userId, chat, deadline.signal);
    const before = await azure.acs.isTokenValid(token);
    await acs.revokeTokens(userId, deadline.signal);
    const after = await azure.acs.isTokenValid(token);
    await acs.deleteUser(userId, deadline.signal);

    expect([before, after]).toEqual([true, false]);
    expect(azure.acs.identities.has(userId)).toBe(false);
    expect(deadline.upstreamCalls).toBe(4);
    expect(vaultReads()).toBe(reads);
  });
});

describe('a user', () => {
  const operations: [string, (userId: string) => Promise<unknown>][] = [
    ['issueToken', (userId) => acs.issueToken(userId, chat, deadline.signal)],
    ['revokeTokens', (userId) => acs.revokeTokens(userId, deadline.signal)],
    ['deleteUser', (userId) => acs.deleteUser(userId, deadline.signal)],
  ];

  test.each(operations)(
    'of another resource is not found by %s, and the key not doubted',
    async (_name, call) => {
      resetSeen();

      await expect(call(foreignId)).rejects.toMatchObject({ name: 'ServiceError', code: 'user_not_found' });

      expect(vaultReads()).toBe(1);
      expect(deadline.upstreamCalls).toBe(1);
    },
  );

  test.each(operations.slice(0, 2))('that was deleted is not found by %s', async (_name, call) => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.identities.delete(userId);

    await expect(call(userId)).rejects.toMatchObject({ name: 'ServiceError', code: 'user_not_found' });
  });

  test('that was deleted can be deleted again', async () => {
    const userId = await acs.createUser(deadline.signal);
    await acs.deleteUser(userId, deadline.signal);

    const again = acs.deleteUser(userId, deadline.signal);

    await expect(again).resolves.toBeUndefined();
  });

  test('is not found by a 404 that ACS did not write', async () => {
    const { acs: elsewhere } = await against(status(404, { 'Content-Type': 'text/html' }));

    for (const call of [
      elsewhere.revokeTokens(foreignId, deadline.signal),
      elsewhere.deleteUser(foreignId, deadline.signal),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
  });
});

describe('an access key that was regenerated', () => {
  test('is read afresh once, and the request repeated once', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    resetSeen();

    const { token } = await acs.issueToken(userId, chat, deadline.signal);

    expect(await azure.acs.isTokenValid(token)).toBe(true);
    expect(vaultReads()).toBe(1);
    expect(azure.acs.requests.toJSON()).toEqual({ issueToken: 2 });
  });

  test('is read afresh once for fifty requests, which all succeed', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    resetSeen();

    const issued = await Promise.all(
      Array.from({ length: 50 }, () => acs.issueToken(userId, chat, deadline.signal)),
    );

    expect(issued).toHaveLength(50);
    expect(vaultReads()).toBe(1);
  });

  test('rejects the service while the vault holds the old one, which is read once in each interval', async () => {
    await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    resetSeen();

    for (const reads of [1, 2]) {
      const all = await Promise.allSettled(Array.from({ length: 50 }, () => acs.createUser(deadline.signal)));
      for (const one of all) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'upstream_rejected' } });
      }
      expect(vaultReads()).toBe(reads);
      now += REREAD_INTERVAL_MS;
    }
    expect(azure.acs.requests.toJSON()).toEqual({ createUser: 100 });
  });

  test('makes the service unavailable while the vault cannot be read', async () => {
    await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.denyAccess(true);

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
  });

  test('rejects the service when the new one is refused as well', async () => {
    await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    azure.acs.faults.arm({ status: 401, code: 'Denied', times: 2 });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({
      code: 'upstream_rejected',
      operatorHint: expect.stringContaining('current access key'),
    });
  });
});

describe('keyless', () => {
  test('a token that ACS does not accept rejects the service, without a vault to ask', async () => {
    resetSeen();
    const stranger = {
      getToken: () => Promise.resolve({ token: 'unknown', expiresOnTimestamp: Date.now() + 1e6 }),
    };

    const created = keyless(stranger).createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_rejected' });
    expect(azure.acs.requests.toJSON()).toEqual({ createUser: 1 });
    expect(azure.vault.requests.toJSON()).toEqual({});
  });

  test('an identity that Azure does not know makes ACS unavailable', async () => {
    const created = keyless(managedIdentity(randomUUID())).createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
  });

  test('an identity that hangs is waited for no longer than the deadline', async () => {
    azure.identity.faults.arm({ delayMs: 60_000 });
    const started = performance.now();

    const created = keyless(managedIdentity(randomUUID())).createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('throttled', () => {
  test('the request waits for a short Retry-After', async () => {
    azure.acs.faults.arm({ status: 429, retryAfter: '0' });

    const userId = await acs.createUser(deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(deadline.upstreamCalls).toBe(2);
  });

  test.each([
    ['a long Retry-After is the caller’s to wait', '17', 17],
    ['30 seconds are the caller’s to wait when ACS does not say', undefined, 30],
  ])('%s', async (_title, retryAfter, retryAfterSeconds) => {
    azure.acs.faults.arm({ status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'too_many_requests', retryAfterSeconds });
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('each attempt is signed anew', async () => {
    const { acs: slow, server } = await against(
      status(503, { 'Retry-After': '1' }),
      status(201, {}, { identity: { id: foreignId } }),
    );

    await slow.createUser(deadline.signal);

    const [first, second] = server.requests;
    expect(server.requests).toHaveLength(2);
    expect(second?.['x-ms-date']).not.toBe(first?.['x-ms-date']);
    expect(second?.authorization).not.toBe(first?.authorization);
    expect(second?.['x-ms-content-sha256']).toBe(first?.['x-ms-content-sha256']);
  });
});

describe('an ACS that fails', () => {
  test('for good is unavailable after four tries', async () => {
    azure.acs.faults.arm({ status: 500, times: 10 });

    const issued = acs.issueToken(foreignId, chat, deadline.signal);

    await expect(issued).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
    expect(deadline.upstreamCalls).toBe(4);
  });

  test('with a Retry-After passes that on', async () => {
    azure.acs.faults.arm({ status: 503, retryAfter: '45' });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 45 });
  });

  test.each([
    ['hangs', { delayMs: 60_000 }],
    ['hangs after its work', { delayMs: 60_000, at: 'response' as const }],
  ])('and %s is a timeout at the deadline', async (_how, fault) => {
    await acs.createUser(deadline.signal);
    azure.acs.faults.arm(fault);
    const started = performance.now();

    const created = acs.createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('and hangs in a second attempt is a timeout at the deadline', async () => {
    const { acs: hanging, server } = await against(status(503, { 'Retry-After': '0' }), hang);

    const created = hanging.createUser(newDeadline(300));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['the request is lost', { drop: true }, 0],
    ['the answer is lost', { drop: true, at: 'response' as const }, 1],
    ['the answer breaks off', { halfBody: true }, 1],
    ['the answer is 500', { status: 500, at: 'response' as const }, 1],
    ['the answer is 504', { status: 504, at: 'response' as const }, 1],
  ])('%s: no user is created twice', async (_how, fault, left) => {
    for (const create of [
      () => acs.createUser(deadline.signal),
      () => acs.createUserAndToken(chat, deadline.signal),
    ]) {
      const before = azure.acs.identities.count;
      const calls = deadline.upstreamCalls;
      azure.acs.faults.arm(fault);

      await expect(create()).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });

      expect(azure.acs.identities.count - before).toBe(left);
      expect(deadline.upstreamCalls - calls).toBe(1);
    }
  });

  test.each([
    ['the request is lost', { drop: true }],
    ['the answer is lost', { drop: true, at: 'response' as const }],
    ['the answer breaks off', { halfBody: true }],
    ['the answer is 500', { status: 500 }],
  ])('%s: a token is issued by another try', async (_how, fault) => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.faults.arm(fault);

    const { token } = await acs.issueToken(userId, chat, deadline.signal);

    expect(await azure.acs.isTokenValid(token)).toBe(true);
    expect(deadline.upstreamCalls).toBe(3);
  });

  test('a user that was deleted when the answer was lost is deleted', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.faults.arm({ drop: true, at: 'response' });

    await acs.deleteUser(userId, deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(false);
    expect(deadline.upstreamCalls).toBe(3);
  });

  test.each<[string, Answer]>([
    ['another status', status(200, {}, { identity: { id: foreignId } })],
    ['an id of another kind', status(201, {}, { identity: { id: 7 } })],
    ['no id', status(201, {}, { identity: {} })],
    ['an empty id', status(201, {}, { identity: { id: '' } })],
    ['no token', status(201, {}, { identity: { id: foreignId } })],
    [
      'no date',
      status(201, {}, { identity: { id: foreignId }, accessToken: { token: 'token', expiresOn: 'soon' } }),
    ],
  ])('answers a create with %s: it is unavailable', async (_what, answer) => {
    const { acs: strange } = await against(answer);

    const created = strange.createUserAndToken(chat, deadline.signal);

    await expect(created).rejects.toMatchObject({
      name: 'ServiceError',
      code: 'upstream_unavailable',
      retryAfterSeconds: 2,
    });
  });

  test('refuses what was asked for: the request is invalid', async () => {
    azure.acs.faults.arm({ status: 400, code: 'ValidationError' });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('does not listen: it is unavailable', async () => {
    const { acs: gone, server } = await against();
    await server.close();

    const created = gone.createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });
});
