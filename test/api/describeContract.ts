import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Api, ApiResponse, StartApi } from './api.ts';

const json = { 'Content-Type': 'application/json' };
const user = { communicationUserId: expect.stringMatching(/^8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}$/) };
const issued = {
  token: expect.any(String),
  expiresOn: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  user,
  endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
};

/** The contract of the API, the same in process and over HTTP. */
export function describeContract(transport: string, start: StartApi): void {
  describe(`the service ${transport}`, () => {
    let api: Api;
    beforeAll(async () => {
      api = await start();
    });
    beforeEach(() => {
      api.azure.acs.requests.reset();
      api.azure.vault.requests.reset();
    });
    afterAll(() => api.stop());

    const createUser = async () => idOf(await api.send('POST', 'users'));

    test('creates a user', async () => {
      const response = await api.send('POST', 'users');

      expect(response.status).toBe(201);
      expect(response.body).toEqual({ user });
      expect(response.headers.get('Location')).toBe(`/api/users/${idOf(response)}`);
      expect(api.azure.acs.identities.has(idOf(response))).toBe(true);
    });

    test('creates a user and its token with one upstream call', async () => {
      const body = JSON.stringify({ scopes: ['voip'], expiresInMinutes: 60 });

      const response = await api.send('POST', 'users', { headers: json, body });

      expect(response.status).toBe(201);
      expect(response.body).toEqual(issued);
      expect(claimsOf(response)).toMatchObject({ acsScope: 'voip' });
      expect(minutesOf(response)).toBe(60);
      expect(api.azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
    });

    test.each(['POST', 'GET'])('%s issues a token with the default scopes and expiry', async (method) => {
      const id = await createUser();

      const response = await api.send(method, `users/${id}/token`);

      expect(response.status).toBe(200);
      expect(response.body).toEqual({ ...issued, user: { communicationUserId: id } });
      expect(claimsOf(response)).toMatchObject({ acsScope: 'chat,voip', skypeid: id.slice(2) });
      expect(minutesOf(response)).toBeGreaterThanOrEqual(1296);
      expect(minutesOf(response)).toBeLessThanOrEqual(1440);
      expect(await api.azure.acs.isTokenValid(tokenOf(response))).toBe(true);
    });

    test.each([
      ['GET', '?scope=voip', 'voip'],
      ['GET', '?scope=chat&scope=voip', 'chat,voip'],
      ['GET', '?scope=chat,voip', 'chat,voip'],
      ['GET', '?scope=chat%20voip', 'chat,voip'],
      ['GET', '?scope=chat+voip&code=a-function-key', 'chat,voip'],
      ['POST', '?scope=chat', 'chat'],
    ])('%s reads the scopes from the query %s', async (method, query, scopes) => {
      const id = await createUser();

      const response = await api.send(method, `users/${id}/token${query}`);

      expect(response.status).toBe(200);
      expect(claimsOf(response)).toMatchObject({ acsScope: scopes });
    });

    test('issues the scopes and expiry of the body', async () => {
      const id = await createUser();
      const body = JSON.stringify({ scopes: ['chat'], expiresInMinutes: 90 });

      const response = await api.send('POST', `users/${id}/token`, { headers: json, body });

      expect(claimsOf(response)).toMatchObject({ acsScope: 'chat' });
      expect(minutesOf(response)).toBe(90);
    });

    test('accepts a user id with percent-encoded colons', async () => {
      const id = await createUser();

      const response = await api.send('GET', `users/${encodeURIComponent(id)}/token?expiresInMinutes=61`);

      expect(response.status).toBe(200);
      expect(minutesOf(response)).toBe(61);
    });

    test('revokes the tokens issued so far, and no later ones', async () => {
      const id = await createUser();
      const before = tokenOf(await api.send('GET', `users/${id}/token`));

      const response = await api.send('DELETE', `users/${id}/token`);

      expect(response).toMatchObject({ status: 204, body: undefined });
      expect(await api.azure.acs.isTokenValid(before)).toBe(false);
      const after = tokenOf(await api.send('GET', `users/${id}/token`));
      expect(await api.azure.acs.isTokenValid(after)).toBe(true);
    });

    test('deletes a user, and succeeds again when it no longer exists', async () => {
      const id = await createUser();
      const token = tokenOf(await api.send('GET', `users/${id}/token`));

      const first = await api.send('DELETE', `users/${id}`);
      const second = await api.send('DELETE', `users/${id}`);

      expect([first.status, second.status]).toEqual([204, 204]);
      expect(api.azure.acs.identities.has(id)).toBe(false);
      expect(await api.azure.acs.isTokenValid(token)).toBe(false);
    });

    test('reports its health without a request to ACS', async () => {
      const response = await api.send('GET', 'health');

      expect(response.status).toBe(200);
      expect(response.body).toEqual({ status: 'ok', checks: { settings: 'ok', connectionString: 'ok' } });
      expect(api.azure.acs.requests.toJSON()).toEqual({});
    });

    test.each([
      ['POST', 'users', 201],
      ['GET', 'users/me/token', 400],
      ['DELETE', 'users/8:acs:unknown', 400],
      ['GET', 'health', 200],
    ])('%s %s has the common headers', async (method, path, status) => {
      const response = await api.send(method, path);

      expect(response.status).toBe(status);
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(response.headers.get('Access-Control-Expose-Headers')).toBe(
        'Retry-After, WWW-Authenticate, X-Request-Id, Location',
      );
      expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    });

    test('logs one event per request, without the token', async () => {
      const response = await api.send('POST', 'users?scope=chat');

      const requestId = response.headers.get('X-Request-Id') ?? '';
      const events = api.logs().filter((line) => line.includes(`"requestId":"${requestId}"`));
      expect(events).toHaveLength(1);
      expect(JSON.parse(/\{.*\}/.exec(events[0] ?? '')?.[0] ?? '')).toEqual({
        event: 'request',
        function: 'createUser',
        requestId,
        caller: 'service',
        communicationUser: idOf(response),
        scopes: ['chat'],
        expiresInMinutes: Math.round(minutesOf(response)),
        status: 201,
        outcome: 'ok',
        durationMs: expect.any(Number),
        upstreamCalls: 1,
      });
      expect(api.logs().join('\n')).not.toContain(tokenOf(response));
    });

    test('reads the vault at most once for 20 tokens', async () => {
      const id = await createUser();

      for (let count = 0; count < 20; count += 1) await api.send('GET', `users/${id}/token`);

      expect(api.azure.acs.requests.count('issueToken')).toBe(20);
      expect(api.azure.vault.requests.count('getSecret')).toBeLessThanOrEqual(1);
    });
  });
}

function idOf({ body }: ApiResponse): string {
  return (body as { user: { communicationUserId: string } }).user.communicationUserId;
}

function tokenOf({ body }: ApiResponse): string {
  return (body as { token: string }).token;
}

function claimsOf(response: ApiResponse) {
  return decodeJwt(tokenOf(response));
}

/** The lifetime of an issued token. */
function minutesOf(response: ApiResponse): number {
  const { exp = 0, iat = 0 } = claimsOf(response);
  expect(Date.parse((response.body as { expiresOn: string }).expiresOn) / 1000).toBeCloseTo(exp, -1);
  return (exp - iat) / 60;
}
