import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import openapi from '../../openapi.json' with { type: 'json' };
import type { Api, StartApi } from './api.ts';
import type { components } from './openapi.d.ts';
import { type ServiceClient, serviceClient } from './serviceClient.ts';

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
    let client: ServiceClient;
    beforeAll(async () => {
      api = await start();
      client = serviceClient(api);
    });
    beforeEach(() => {
      api.azure.acs.requests.reset();
      api.azure.vault.requests.reset();
    });
    afterAll(() => api.stop());

    const createUser = async () => idOf((await client.POST('/users')).data);
    const issueToken = async (userId: string) =>
      issuedBy(await client.GET('/users/{userId}/token', { params: { path: { userId } } }));

    test('creates a user', async () => {
      const { response, data } = await client.POST('/users');

      expect(response.status).toBe(201);
      expect(data).toEqual({ user });
      expect(response.headers.get('Location')).toBe(`/api/users/${idOf(data)}`);
      expect(api.azure.acs.identities.has(idOf(data))).toBe(true);
    });

    test('creates a user and its token with one upstream call', async () => {
      const result = await client.POST('/users', { body: { scopes: ['voip'], expiresInMinutes: 60 } });

      expect(result.response.status).toBe(201);
      expect(result.data).toEqual(issued);
      expect(claimsOf(issuedBy(result))).toMatchObject({ acsScope: 'voip' });
      expect(minutesOf(issuedBy(result))).toBe(60);
      expect(api.azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
    });

    test.each(['POST', 'GET'] as const)(
      '%s issues a token with the default scopes and expiry',
      async (method) => {
        const params = { path: { userId: await createUser() } };

        const result = await (method === 'GET'
          ? client.GET('/users/{userId}/token', { params })
          : client.POST('/users/{userId}/token', { params }));

        expect(result.response.status).toBe(200);
        expect(result.data).toEqual({ ...issued, user: { communicationUserId: params.path.userId } });
        const token = issuedBy(result);
        expect(claimsOf(token)).toMatchObject({
          acsScope: 'chat,voip',
          skypeid: params.path.userId.slice(2),
        });
        expect(minutesOf(token)).toBeGreaterThanOrEqual(1296);
        expect(minutesOf(token)).toBeLessThanOrEqual(1440);
        expect(await api.azure.acs.isTokenValid(token.token)).toBe(true);
      },
    );

    test('issues the scopes and expiry of the query', async () => {
      const path = { userId: await createUser() };
      const query = { scope: ['chat' as const, 'voip' as const], expiresInMinutes: 61 };

      const result = await client.GET('/users/{userId}/token', { params: { path, query } });

      expect(claimsOf(issuedBy(result))).toMatchObject({ acsScope: 'chat,voip' });
      expect(minutesOf(issuedBy(result))).toBe(61);
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
      expect(claimsOf(response.body as IssuedToken)).toMatchObject({ acsScope: scopes });
    });

    test('issues the scopes and expiry of the body', async () => {
      const path = { userId: await createUser() };
      const body = { scopes: ['chat' as const], expiresInMinutes: 90 };

      const result = await client.POST('/users/{userId}/token', { params: { path }, body });

      expect(claimsOf(issuedBy(result))).toMatchObject({ acsScope: 'chat' });
      expect(minutesOf(issuedBy(result))).toBe(90);
    });

    test.each([
      ['plain', (id: string) => id],
      ['percent-encoded', encodeURIComponent],
    ])('accepts a user id with %s colons', async (_title, encode) => {
      const id = await createUser();

      const response = await api.send('GET', `users/${encode(id)}/token`);

      expect(response.body).toMatchObject({ user: { communicationUserId: id } });
    });

    test('revokes the tokens issued so far, and no later ones', async () => {
      const userId = await createUser();
      const before = await issueToken(userId);

      const { response } = await client.DELETE('/users/{userId}/token', { params: { path: { userId } } });

      expect(response.status).toBe(204);
      expect(await api.azure.acs.isTokenValid(before.token)).toBe(false);
      const after = await issueToken(userId);
      expect(await api.azure.acs.isTokenValid(after.token)).toBe(true);
    });

    test('deletes a user, and succeeds again when it no longer exists', async () => {
      const userId = await createUser();
      const { token } = await issueToken(userId);

      const first = await client.DELETE('/users/{userId}', { params: { path: { userId } } });
      const second = await client.DELETE('/users/{userId}', { params: { path: { userId } } });

      expect([first.response.status, second.response.status]).toEqual([204, 204]);
      expect(api.azure.acs.identities.has(userId)).toBe(false);
      expect(await api.azure.acs.isTokenValid(token)).toBe(false);
    });

    test('explains a problem to the client', async () => {
      const { data, error, response } = await client.GET('/users/{userId}/token', {
        params: { path: { userId: 'me' } },
      });

      expect(response.status).toBe(400);
      expect(data).toBeUndefined();
      expect(error?.code).toBe('invalid_request');
      expect(error?.errors?.map(({ path }) => path)).toEqual(['userId']);
    });

    test('reports its health without a request to ACS', async () => {
      const { data, response } = await client.GET('/health');

      expect(response.status).toBe(200);
      expect(data).toEqual({ status: 'ok', checks: { settings: 'ok', connectionString: 'ok' } });
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

    test('serves its OpenAPI document, which may be stored', async () => {
      const { data, response } = await client.GET('/openapi.json');
      const etag = response.headers.get('ETag') ?? '';
      const tags = [etag, `W/${etag}`, `"other", ${etag}`, '"other"'];
      const answers = tags.map((tag) =>
        api.send('GET', 'openapi.json', { headers: { 'If-None-Match': tag } }),
      );

      expect(data).toEqual(openapi);
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=3600');
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([304, 304, 304, 200]);
    });

    test('logs one event per request, without the token', async () => {
      const result = await client.POST('/users', { params: { query: { scope: ['chat'] } } });

      const requestId = result.response.headers.get('X-Request-Id') ?? '';
      const events = api.logs().filter((line) => line.includes(`"requestId":"${requestId}"`));
      expect(events).toHaveLength(1);
      expect(JSON.parse(/\{.*\}/.exec(events[0] ?? '')?.[0] ?? '')).toEqual({
        event: 'request',
        function: 'createUser',
        requestId,
        caller: 'service',
        communicationUser: idOf(result.data),
        scopes: ['chat'],
        expiresInMinutes: Math.round(minutesOf(issuedBy(result))),
        status: 201,
        outcome: 'ok',
        durationMs: expect.any(Number),
        upstreamCalls: 1,
      });
      expect(api.logs().join('\n')).not.toContain(issuedBy(result).token);
    });

    test('reads the vault at most once for 20 tokens', async () => {
      const userId = await createUser();

      for (let count = 0; count < 20; count += 1) await issueToken(userId);

      expect(api.azure.acs.requests.count('issueToken')).toBe(20);
      expect(api.azure.vault.requests.count('getSecret')).toBeLessThanOrEqual(1);
    });
  });
}

type IssuedToken = components['schemas']['IssuedToken'];

function idOf(data: components['schemas']['CreatedUser'] | undefined): string {
  if (data === undefined) throw new Error('No user was created.');
  return data.user.communicationUserId;
}

function issuedBy({ data }: { data?: components['schemas']['CreatedUser'] }): IssuedToken {
  if (data === undefined || !('token' in data)) throw new Error('No token was issued.');
  return data;
}

function claimsOf({ token }: IssuedToken) {
  return decodeJwt(token);
}

/** The lifetime of an issued token. */
function minutesOf(issuedToken: IssuedToken): number {
  const { exp = 0, iat = 0 } = claimsOf(issuedToken);
  expect(Date.parse(issuedToken.expiresOn) / 1000).toBeCloseTo(exp, -1);
  return (exp - iat) / 60;
}
