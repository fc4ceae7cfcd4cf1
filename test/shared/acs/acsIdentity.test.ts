import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeJwt, UnsecuredJWT } from 'jose';
import type { LocalAzure } from '../../../local/localAzure.ts';
import { AcsIdentity } from '../../../shared/acs/acsIdentity.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { azureCredential } from '../../../shared/azure/credential.ts';
import { connectionStringClients, keylessClients } from '../../../shared/acs/identityClients.ts';
import { type ReadSecret, vaultSecret } from '../../../shared/keyVault/vaultSecret.ts';
import { openDeadline, type OpenDeadline, underDeadline } from '../support/openDeadline.ts';
import { startAzureHere } from '../support/azureHere.ts';
import { type Answer, drop, hang, startScriptedServer, status } from '../support/scriptedServer.ts';

const SECRET = 'acs-connection-string';
const REREAD_INTERVAL_MS = 1000;
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

/** An AcsIdentity that talks to a server with these answers in place of ACS. */
async function against(...script: Answer[]) {
  const server = await startScriptedServer();
  server.script.push(...script);
  const key = azure.acs.accessKeys.base64('primary');
  const scripted = withSecret(() => Promise.resolve(`endpoint=${server.url}/;accesskey=${key}`));
  return { acs: scripted, server };
}

/** A Teams user, with a token that expires after `seconds`. The emulator verifies no signature. */
function teamsUser({ seconds = 3600 } = {}) {
  const [clientId, objectId] = [randomUUID(), randomUUID()];
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const teamsUserToken = new UnsecuredJWT({ appid: clientId, oid: objectId, exp }).encode();
  return { teamsUserToken, clientId, objectId };
}

/** Restarts the counts of requests. */
function resetRequestCounts(): void {
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
])('%s', (_title, connect, reads) => {
  beforeEach(() => {
    resetRequestCounts();
    acs = connect();
  });

  test('creates a user', async () => {
    const userId = await acs.createUser(deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(vaultReads()).toBe(reads);
  });

  test('creates a user and its token with one request', async () => {
    const { userId, token, expiresOn } = await acs.createUserAndToken(chat, deadline.signal);

    const minutes = (expiresOn.getTime() - Date.now()) / 60_000;
    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(await azure.acs.accessTokens.check(token)).toMatchObject({ valid: true });
    expect(minutes).toBeGreaterThan(59);
    expect(minutes).toBeLessThanOrEqual(60);
    expect(azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('issues and revokes a token and deletes the user', async () => {
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

describe('the exchange of a Teams token', () => {
  const expiresOn = new Date(Date.now() + 3_600_000).toISOString();
  const refusal = (code: number, error: { code: string; target?: string }) =>
    status(code, {}, { error: { message: 'Text of ACS.', ...error } });

  test('gives a token of the same lifetime', async () => {
    const user = teamsUser();

    const { token, expiresOn, endpoint } = await acs.exchangeTeamsToken(user, deadline.signal);

    expect(await azure.acs.accessTokens.check(token)).toMatchObject({ valid: true });
    expect(expiresOn.getTime() / 1000).toBe(decodeJwt(user.teamsUserToken).exp);
    expect(endpoint).toBe(azure.acs.url);
    expect(deadline.upstreamCalls).toBe(1);
  });

  test.each<[string, number, { code: string; target?: string }, number, string]>([
    ['is not valid', 401, { code: 'InvalidAccessToken' }, 600, 'is not valid'],
    ['has expired', 401, { code: 'InvalidAccessToken' }, -1, 'has expired'],
    [
      'is of another application',
      400,
      { code: 'ValidationError', target: 'appId' },
      600,
      'another application',
    ],
    ['is of another user', 400, { code: 'ValidationError', target: 'userId' }, 600, 'another user'],
  ])('says that the token %s, and keeps the credentials', async (_title, code, error, seconds, message) => {
    const { acs: scripted, server } = await against(refusal(code, error));

    const exchanged = scripted.exchangeTeamsToken(teamsUser({ seconds }), deadline.signal);

    await expect(exchanged).rejects.toMatchObject({
      name: 'ServiceError',
      code: 'invalid_request',
      errors: [{ path: 'teamsUserToken', message: expect.stringContaining(message) }],
    });
    expect(server.requests).toHaveLength(1);
  });

  test('says that a token which is no JWT is not valid', async () => {
    const { acs: scripted } = await against(refusal(401, { code: 'InvalidAccessToken' }));
    const user = { ...teamsUser(), teamsUserToken: 'garbage' };

    const exchanged = scripted.exchangeTeamsToken(user, deadline.signal);

    await expect(exchanged).rejects.toMatchObject({
      errors: [{ path: 'teamsUserToken', message: expect.stringContaining('is not valid') }],
    });
  });

  test.each<[number, { code: string; target?: string }, string]>([
    [400, { code: 'ValidationError', target: 'other' }, 'invalid_request'],
    [401, { code: 'Denied' }, 'upstream_rejected'],
    [401, { code: 'IdentityNotOwned' }, 'upstream_rejected'],
    [403, { code: 'InvalidAccessToken' }, 'upstream_rejected'],
    [404, { code: 'IdentityNotFound' }, 'upstream_unavailable'],
    [429, { code: 'TooManyRequests' }, 'too_many_requests'],
  ])('fails as the other operations do with %d %j', async (code, error, expected) => {
    const { acs: scripted } = await against(refusal(code, error));

    const exchanged = scripted.exchangeTeamsToken(teamsUser(), deadline.signal);

    await expect(exchanged).rejects.toMatchObject({ code: expected, errors: undefined });
  });

  test('is repeated after a failure', async () => {
    const { acs: scripted } = await against(
      status(500),
      drop,
      status(200, {}, { token: 'token', expiresOn }),
    );

    const { token } = await scripted.exchangeTeamsToken(teamsUser(), deadline.signal);

    expect(token).toBe('token');
  });

  test('rejects a response with an expired token', async () => {
    const expired = { token: 'token', expiresOn: '2026-01-01T00:00:00Z' };
    const { acs: scripted } = await against(status(200, {}, expired));

    const exchanged = scripted.exchangeTeamsToken(teamsUser(), newDeadline(150));

    await expect(exchanged).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });
});

describe('an unknown user', () => {
  const operations: [string, (userId: string) => Promise<unknown>][] = [
    ['issueToken', (userId) => acs.issueToken(userId, chat, deadline.signal)],
    ['revokeTokens', (userId) => acs.revokeTokens(userId, deadline.signal)],
    ['deleteUser', (userId) => acs.deleteUser(userId, deadline.signal)],
  ];

  test.each(operations)(
    'of another resource is user_not_found in %s, and the secret is not read again',
    async (_name, call) => {
      resetRequestCounts();

      await expect(call(foreignId)).rejects.toMatchObject({ name: 'ServiceError', code: 'user_not_found' });

      expect(vaultReads()).toBe(1);
      expect(deadline.upstreamCalls).toBe(1);
    },
  );

  test.each(operations.slice(0, 2))('that was deleted is user_not_found in %s', async (_name, call) => {
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

  test('is not inferred from a 404 that is not from ACS', async () => {
    const { acs: elsewhere } = await against(status(404, { 'Content-Type': 'text/html' }));

    for (const call of [
      elsewhere.revokeTokens(foreignId, deadline.signal),
      elsewhere.deleteUser(foreignId, deadline.signal),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'upstream_unavailable' });
    }
  });
});

describe('after the access key was regenerated', () => {
  test('reads the new secret once and repeats the request once', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    resetRequestCounts();

    const { token } = await acs.issueToken(userId, chat, deadline.signal);

    expect(await azure.acs.isTokenValid(token)).toBe(true);
    expect(vaultReads()).toBe(1);
    expect(azure.acs.requests.toJSON()).toEqual({ issueToken: 2 });
  });

  test('reads the new secret once for fifty concurrent requests', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    resetRequestCounts();

    await Promise.all(Array.from({ length: 50 }, () => acs.issueToken(userId, chat, deadline.signal)));

    expect(vaultReads()).toBe(1);
  });

  test('fails with upstream_rejected while the vault holds the old key, and reads it once per interval', async () => {
    await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    resetRequestCounts();

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

  test('fails with upstream_unavailable while the vault is unavailable', async () => {
    await acs.createUser(deadline.signal);
    azure.acs.accessKeys.regenerate('primary');
    azure.vault.denyAccess(true);

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
  });

  test('fails with upstream_rejected when ACS rejects the new key too', async () => {
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
  test('fails with upstream_rejected when ACS rejects the identity, without reading a vault', async () => {
    resetRequestCounts();
    const unknownCredential = {
      getToken: () => Promise.resolve({ token: 'unknown', expiresOnTimestamp: Date.now() + 1e6 }),
    };

    const created = keyless(unknownCredential).createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_rejected' });
    expect(azure.acs.requests.toJSON()).toEqual({ createUser: 1 });
    expect(azure.vault.requests.toJSON()).toEqual({});
  });

  test('fails with upstream_unavailable when the managed identity does not exist', async () => {
    const created = keyless(managedIdentity(randomUUID())).createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
  });

  test('fails with upstream_timeout when the managed identity hangs', async () => {
    azure.identity.faults.arm({ delayMs: 60_000 });
    const started = performance.now();

    const created = keyless(managedIdentity(randomUUID())).createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('when ACS throttles', () => {
  test('waits for a short Retry-After', async () => {
    azure.acs.faults.arm({ status: 429, retryAfter: '0' });

    const userId = await acs.createUser(deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(true);
    expect(deadline.upstreamCalls).toBe(2);
  });

  test.each([
    ['returns a long Retry-After to the caller', '17', 17],
    ['returns 30 seconds when ACS sends no Retry-After', undefined, 30],
  ])('%s', async (_title, retryAfter, retryAfterSeconds) => {
    azure.acs.faults.arm({ status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'too_many_requests', retryAfterSeconds });
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('signs each attempt anew', async () => {
    const { acs: slow, server } = await against(
      status(429, { 'Retry-After': '1' }),
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

describe('when ACS fails', () => {
  test('fails with upstream_unavailable after four attempts', async () => {
    azure.acs.faults.arm({ status: 500, times: 10 });

    const issued = acs.issueToken(foreignId, chat, deadline.signal);

    await expect(issued).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
    expect(deadline.upstreamCalls).toBe(4);
  });

  test('passes on Retry-After', async () => {
    azure.acs.faults.arm({ status: 503, retryAfter: '45' });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 45 });
  });

  test.each([
    ['hangs', { delayMs: 60_000 }],
    ['hangs before it responds', { delayMs: 60_000, at: 'response' as const }],
  ])('fails with upstream_timeout when ACS %s', async (_title, fault) => {
    await acs.createUser(deadline.signal);
    azure.acs.faults.arm(fault);
    const started = performance.now();

    const created = acs.createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(deadline.upstreamCalls).toBe(1);
  });

  test('fails with upstream_timeout when ACS hangs in the second attempt', async () => {
    const { acs: hanging, server } = await against(status(503, { 'Retry-After': '0' }), hang);

    const created = hanging.issueToken(foreignId, chat, newDeadline(400));

    await expect(created).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['the request is lost', { drop: true }, 0],
    ['the response is lost', { drop: true, at: 'response' as const }, 1],
    ['the response breaks off', { halfBody: true }, 1],
    ['the response is 500', { status: 500, at: 'response' as const }, 1],
    ['the response is 503', { status: 503, at: 'response' as const }, 1],
    ['the response is 504', { status: 504, at: 'response' as const }, 1],
  ])('does not repeat a create when %s', async (_title, fault, left) => {
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
    ['the response is lost', { drop: true, at: 'response' as const }],
    ['the response breaks off', { halfBody: true }],
    ['the response is 500', { status: 500 }],
  ])('repeats issueToken when %s', async (_title, fault) => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.faults.arm(fault);

    const { token } = await acs.issueToken(userId, chat, deadline.signal);

    expect(await azure.acs.isTokenValid(token)).toBe(true);
    expect(deadline.upstreamCalls).toBe(3);
  });

  test('repeats issueToken when the response is not JSON', async () => {
    const expiresOn = new Date(Date.now() + 3_600_000).toISOString();
    const { acs: scripted } = await against(
      (response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"token":'),
      status(200, {}, { token: 'token', expiresOn }),
    );

    const { token } = await scripted.issueToken(foreignId, chat, deadline.signal);

    expect(token).toBe('token');
  });

  test('succeeds when the response of a delete is lost', async () => {
    const userId = await acs.createUser(deadline.signal);
    azure.acs.faults.arm({ drop: true, at: 'response' });

    await acs.deleteUser(userId, deadline.signal);

    expect(azure.acs.identities.has(userId)).toBe(false);
    expect(deadline.upstreamCalls).toBe(3);
  });

  const expiresOn = new Date(Date.now() + 3_600_000).toISOString();
  test.each<[title: string, status: number, changes: object]>([
    ['another status', 200, {}],
    ['an id that is not a string', 201, { identity: { id: 7 } }],
    ['no id', 201, { identity: {} }],
    ['an empty id', 201, { identity: { id: '' } }],
    ['an id with a line break', 201, { identity: { id: `${foreignId}\n` } }],
    ['no identity', 201, { identity: undefined }],
    ['no token', 201, { accessToken: undefined }],
    ['an empty token', 201, { accessToken: { token: '', expiresOn } }],
    ['no date', 201, { accessToken: { token: 'token', expiresOn: 'soon' } }],
    ['an expired token', 201, { accessToken: { token: 'token', expiresOn: '2026-01-01T00:00:00Z' } }],
  ])('rejects a create response with %s as upstream_unavailable', async (_title, code, changes) => {
    const complete = { identity: { id: foreignId }, accessToken: { token: 'token', expiresOn } };
    const { acs: scripted } = await against(status(code, {}, { ...complete, ...changes }));

    const created = scripted.createUserAndToken(chat, deadline.signal);

    await expect(created).rejects.toMatchObject({
      name: 'ServiceError',
      code: 'upstream_unavailable',
      retryAfterSeconds: 2,
    });
  });

  test.each<[title: string, body: object]>([
    ['no token', { expiresOn }],
    ['an empty token', { token: '', expiresOn }],
    ['no date', { token: 'token' }],
    ['a date that is none', { token: 'token', expiresOn: 'soon' }],
    ['an expired token', { token: 'token', expiresOn: '2026-01-01T00:00:00Z' }],
    ['more than 1 MiB', { token: 'x'.repeat(1024 * 1024), expiresOn }],
  ])('rejects a token response with %s as upstream_unavailable', async (_title, body) => {
    const { acs: scripted } = await against(status(200, {}, body));

    const issued = scripted.issueToken(foreignId, chat, newDeadline(150));

    await expect(issued).rejects.toMatchObject({ name: 'ServiceError', code: 'upstream_unavailable' });
  });

  test.each(['', 'null', '[]', '{}', 'text', '<html></html>', '{"token":'])(
    'a success response with the body %j is upstream_unavailable',
    async (body) => {
      // Only creates respond with 201; the SDK rejects another status before it reads the body.
      const answer: Answer = (response) =>
        response
          .writeHead(response.req.url?.includes('AccessToken') ? 200 : 201, {
            'Content-Type': 'application/json',
          })
          .end(body);
      const { acs: scripted, server } = await against(answer);

      for (const call of [
        () => scripted.createUser(deadline.signal),
        () => scripted.createUserAndToken(chat, deadline.signal),
        () => scripted.issueToken(foreignId, chat, newDeadline(150)),
        () => scripted.exchangeTeamsToken(teamsUser(), newDeadline(150)),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
      }
      expect(server.requests.length).toBeLessThanOrEqual(6);
    },
  );

  test('stops after 20 retries while ACS fails, and retries again once ACS works', async () => {
    azure.acs.faults.arm({ status: 500, times: 1000 });
    const userId = azure.acs.identities.create();
    const issue = () => acs.issueToken(userId, chat, newDeadline(4000)).catch(() => undefined);
    azure.acs.requests.reset();

    for (let request = 0; request < 20; request += 1) await Promise.all(Array.from({ length: 20 }, issue));
    const whileFailing = azure.acs.requests.count('issueToken');
    azure.acs.faults.clear();
    for (let request = 0; request < 10; request += 1) await issue();
    azure.acs.faults.arm({ status: 500 });
    const afterwards = await issue();

    expect(whileFailing).toBe(400 + 20);
    expect(afterwards).toBeDefined();
  });

  test.each<[string, (hanging: AcsIdentity, signal: AbortSignal) => Promise<unknown>]>([
    ['createUser', (hanging, signal) => hanging.createUser(signal)],
    ['createUserAndToken', (hanging, signal) => hanging.createUserAndToken(chat, signal)],
    ['issueToken', (hanging, signal) => hanging.issueToken(foreignId, chat, signal)],
    ['revokeTokens', (hanging, signal) => hanging.revokeTokens(foreignId, signal)],
    ['deleteUser', (hanging, signal) => hanging.deleteUser(foreignId, signal)],
    ['exchangeTeamsToken', (hanging, signal) => hanging.exchangeTeamsToken(teamsUser(), signal)],
  ])('closes the connection of %s at the deadline', async (_name, call) => {
    const closed = Promise.withResolvers<string>();
    const { acs: hanging } = await against((response) => {
      response.on('close', () => {
        closed.resolve('closed');
      });
    });

    await expect(call(hanging, newDeadline(100))).rejects.toMatchObject({ code: 'upstream_timeout' });

    await expect(closed.promise).resolves.toBe('closed');
  });

  test('passes on a 400 as invalid_request', async () => {
    azure.acs.faults.arm({ status: 400, code: 'ValidationError' });

    const created = acs.createUser(deadline.signal);

    await expect(created).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('fails with upstream_unavailable when the connection is refused', async () => {
    const { acs: gone, server } = await against();
    await server.close();

    const created = gone.createUser(newDeadline(150));

    await expect(created).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });
});
