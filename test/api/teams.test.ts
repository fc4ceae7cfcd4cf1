import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, UnsecuredJWT } from 'jose';
import { type SignIn, startSignIn } from '../../local/signIn.ts';
import { type Answer, startScriptedServer, status } from '../shared/support/scriptedServer.ts';
import type { Api, ApiRequest, ApiResponse } from './api.ts';
import { startInProcess, stopInProcess } from './inProcess.ts';
import { serviceClient } from './serviceClient.ts';

const CLIENT_ID = randomUUID();
/** The object id of alice. */
const OBJECT_ID = randomUUID();

let signIn: SignIn;
let api: Api;
beforeAll(async () => {
  signIn = await startSignIn();
  api = await startService({});
});
beforeEach(() => {
  api.azure.vault.setSecret('acs-connection-string', api.azure.acs.connectionString());
  api.azure.acs.faults.clear();
  api.azure.acs.requests.reset();
  api.azure.vault.requests.reset();
});
afterAll(async () => {
  await stopInProcess();
  await signIn.close();
});

function startService(env: Record<string, string>, secret?: string): Promise<Api> {
  return startInProcess({
    env: { ...signIn.env(), CALLER_REQUESTS_PER_MINUTE: '0', TEAMS_CLIENT_ID: CLIENT_ID, ...env },
    ...(secret === undefined ? {} : { secret }),
  });
}

/** A bearer token for this service; by default alice's. */
function bearerWith(claims: Record<string, unknown> = {}): Promise<string> {
  const { issuer: iss, audience: aud } = signIn.provider;
  const now = seconds();
  return signIn.provider.sign({
    iss,
    aud,
    sub: 'alice',
    scope: 'tokens',
    oid: OBJECT_ID,
    iat: now,
    exp: now + 600,
    ...claims,
  });
}

/** An Entra token for Teams; by default alice's. The emulated ACS verifies no signature of these. */
function teamsTokenWith(claims: Record<string, unknown> = {}): string {
  return new UnsecuredJWT({ appid: CLIENT_ID, oid: OBJECT_ID, exp: seconds() + 3600, ...claims }).encode();
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

interface Sent extends ApiRequest {
  service?: Api;
  query?: string;
  bearer?: string;
}

async function exchange(
  teamsUserToken: unknown,
  { service = api, query = '', bearer, headers, body = JSON.stringify({ teamsUserToken }) }: Sent = {},
): Promise<ApiResponse> {
  return service.send('POST', `teams/token${query}`, {
    headers: {
      Authorization: `Bearer ${bearer ?? (await bearerWith())}`,
      'Content-Type': 'application/json',
      ...headers,
    },
    body,
  });
}

function outcomeOf({ status: code, body }: ApiResponse): string {
  return code < 300 ? 'ok' : (body as { code: string }).code;
}

function errorsOf({ body }: ApiResponse): { path: string; message: string }[] {
  return (body as { errors?: { path: string; message: string }[] }).errors ?? [];
}

/** The log event of the request. */
function eventOf(response: ApiResponse, service = api): Record<string, unknown> {
  const requestId = response.headers.get('X-Request-Id') ?? '';
  const events = service.logs().filter((line) => line.includes(requestId));
  expect(events).toHaveLength(1);
  return JSON.parse(events[0] ?? '') as Record<string, unknown>;
}

test('exchanges the Teams token of the caller for an access token of the same lifetime', async () => {
  const teamsUserToken = teamsTokenWith();

  const client = serviceClient(api, { Authorization: `Bearer ${await bearerWith()}` });
  const { response, data } = await client.POST('/teams/token', { body: { teamsUserToken } });

  const { exp = 0 } = decodeJwt(teamsUserToken);
  expect(response.status).toBe(200);
  expect(data).toEqual({
    token: expect.any(String),
    expiresOn: new Date(exp * 1000).toISOString().replace('.000Z', 'Z'),
    endpoint: api.azure.acs.url,
  });
  expect(await api.azure.acs.isTokenValid(data?.token ?? '')).toBe(true);
  expect(api.azure.acs.requests.toJSON()).toEqual({ exchangeTeamsToken: 1 });
});

test('the response has the common headers', async () => {
  const response = await exchange(teamsTokenWith());

  expect(response.headers.get('Cache-Control')).toBe('no-store');
  expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('logs the hash of the subject, and neither the object id nor a token', async () => {
  const bearer = await bearerWith();
  const teamsUserToken = teamsTokenWith();

  const granted = await exchange(teamsUserToken, { bearer });
  const refused = await exchange(teamsTokenWith({ oid: randomUUID() }), { bearer });

  expect(eventOf(granted)).toEqual({
    event: 'request',
    function: 'exchangeTeamsToken',
    requestId: granted.headers.get('X-Request-Id'),
    caller: 'user',
    subject: expect.stringMatching(/^[\w-]{43}$/),
    status: 200,
    outcome: 'ok',
    durationMs: expect.any(Number),
    upstreamCalls: 1,
  });
  expect(eventOf(refused)).toMatchObject({ caller: 'user', outcome: 'invalid_request' });
  const lines = api.logs().join('\n');
  for (const secret of [OBJECT_ID, CLIENT_ID, 'eyJ', (granted.body as { token: string }).token]) {
    expect(lines).not.toContain(secret);
  }
});

describe('the route', () => {
  test('does not exist without TEAMS_CLIENT_ID', async () => {
    const service = await startService({ TEAMS_CLIENT_ID: '' });

    const response = await exchange(teamsTokenWith(), { service });

    expect(response).toMatchObject({ status: 404, body: undefined });
  });

  test.each(['GET', 'PUT', 'DELETE'])('does not exist for %s', async (method) => {
    const response = await api.send(method, 'teams/token', {});

    expect(response.status).toBe(404);
  });

  test('is misconfigured with function keys, and the log names both settings', async () => {
    const service = await startService({ CALLER_AUTH: 'function-key' });

    const response = await exchange(teamsTokenWith(), { service });

    expect(outcomeOf(response)).toBe('misconfigured');
    expect(service.logs().join()).toContain('TEAMS_CLIENT_ID needs CALLER_AUTH=oidc');
  });
});

describe('callers', () => {
  test('need a bearer token', async () => {
    const response = await api.send('POST', 'teams/token', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ teamsUserToken: teamsTokenWith() }),
    });

    expect(outcomeOf(response)).toBe('unauthenticated');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each<[string, unknown]>([
    ['no oid claim', undefined],
    ['an empty oid claim', ''],
    ['an oid claim that is no GUID', 'alice'],
    ['an oid claim that is no string', [OBJECT_ID]],
  ])('are forbidden with %s', async (_title, oid) => {
    const response = await exchange(teamsTokenWith(), { bearer: await bearerWith({ oid }) });

    expect(outcomeOf(response)).toBe('forbidden');
    expect((response.body as { detail: string }).detail).toMatch(/oid claim of Entra ID/);
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('are forbidden when they are services, even with an oid claim', async () => {
    const bearer = await bearerWith({ roles: ['TokenService.Admin'] });

    const response = await exchange(teamsTokenWith(), { bearer });

    expect(outcomeOf(response)).toBe('forbidden');
    expect(eventOf(response)).toMatchObject({ caller: 'service' });
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('are forbidden without the required scope', async () => {
    const bearer = await bearerWith({ scope: 'openid' });

    const response = await exchange(teamsTokenWith(), { bearer });

    expect(outcomeOf(response)).toBe('forbidden');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('get 429 with Retry-After over the rate limit', async () => {
    const service = await startService({ CALLER_REQUESTS_PER_MINUTE: '1' });

    const responses = [
      await exchange(teamsTokenWith(), { service }),
      await exchange(teamsTokenWith(), { service }),
    ];

    expect(responses.map(outcomeOf)).toEqual(['ok', 'too_many_requests']);
    expect(Number(responses[1]?.headers.get('Retry-After'))).toBeGreaterThan(0);
  });
});

describe('a request', () => {
  test.each<[string, string, string]>([
    ['no token', '{}', 'teamsUserToken'],
    ['an empty token', '{"teamsUserToken":""}', 'teamsUserToken'],
    ['a token that is not a string', '{"teamsUserToken":7}', 'teamsUserToken'],
    ['a token with a space', '{"teamsUserToken":"Bearer a.b.c"}', 'teamsUserToken'],
    ['a user object id', '{"teamsUserToken":"a.b.c","userObjectId":"x"}', 'userObjectId'],
    ['a client id', '{"teamsUserToken":"a.b.c","clientId":"x"}', 'clientId'],
    ['scopes', '{"teamsUserToken":"a.b.c","scopes":["voip"]}', 'scopes'],
    ['a token twice', '{"teamsUserToken":"a.b.c","teamsUserToken":"d.e.f"}', 'teamsUserToken'],
    ['a list', '["a.b.c"]', 'body'],
    ['broken JSON', '{"teamsUserToken":', 'body'],
  ])('with %s is invalid', async (_title, body, path) => {
    const response = await exchange(undefined, { body });

    expect(outcomeOf(response)).toBe('invalid_request');
    expect(errorsOf(response)).toEqual([{ path, message: expect.any(String) }]);
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each(['scope', 'teamsUserToken', 'expiresInMinutes'])(
    'with the parameter %s is invalid',
    async (name) => {
      const response = await exchange(teamsTokenWith(), { query: `?${name}=voip` });

      expect(outcomeOf(response)).toBe('invalid_request');
      expect(errorsOf(response)).toEqual([{ path: name, message: 'is not a known parameter' }]);
      expect(api.azure.acs.requests.toJSON()).toEqual({});
    },
  );

  test('with a body that does not arrive is length_required', async () => {
    const response = await exchange(undefined, { headers: { 'Transfer-Encoding': 'chunked' }, body: '' });

    expect(response.status).toBe(411);
    expect(outcomeOf(response)).toBe('length_required');
  });

  test('may hold a token of 4 KB, but not a body over 16 KiB', async () => {
    const large = await exchange(teamsTokenWith({ padding: 'x'.repeat(3000) }));
    const tooLarge = await exchange(teamsTokenWith({ padding: 'x'.repeat(16 * 1024) }));

    expect([large, tooLarge].map(outcomeOf)).toEqual(['ok', 'payload_too_large']);
    expect(api.azure.acs.requests.toJSON()).toEqual({ exchangeTeamsToken: 1 });
  });
});

describe('a Teams token that ACS refuses', () => {
  const TEXT = 'Text of ACS';

  /** The service with a server that gives this answer in place of ACS. */
  async function startAgainst(answer: Answer) {
    const acs = await startScriptedServer();
    acs.script.push(answer);
    const key = api.azure.acs.accessKeys.base64('primary');
    return { acs, service: await startService({}, `endpoint=${acs.url}/;accesskey=${key}`) };
  }

  test.each<[string, number, object, Record<string, unknown>, RegExp]>([
    ['has expired', 401, { code: 'InvalidAccessToken' }, { exp: 1 }, /^has expired/],
    ['is not valid', 401, { code: 'InvalidAccessToken' }, {}, /^is not valid/],
    [
      'is of another application',
      400,
      { code: 'ValidationError', target: 'appId' },
      { appid: randomUUID() },
      /^is of another application/,
    ],
    [
      'is of another user',
      400,
      { code: 'ValidationError', target: 'userId' },
      { oid: randomUUID() },
      /^is of another user/,
    ],
  ])('because it %s is 400, with no text of ACS', async (_title, code, error, claims, message) => {
    const { acs, service } = await startAgainst(status(code, {}, { error: { message: TEXT, ...error } }));
    const teamsUserToken = teamsTokenWith(claims);

    const response = await exchange(teamsUserToken, { service });

    expect(response.status).toBe(400);
    expect(outcomeOf(response)).toBe('invalid_request');
    expect(errorsOf(response)).toEqual([{ path: 'teamsUserToken', message: expect.stringMatching(message) }]);
    expect(eventOf(response, service)).toMatchObject({ outcome: 'invalid_request', upstreamCalls: 1 });
    expect(acs.requests).toHaveLength(1);
    const shown = JSON.stringify(response.body) + service.logs().join();
    for (const secret of [TEXT, teamsUserToken, OBJECT_ID]) {
      expect(shown).not.toContain(secret);
    }
  });

  test.each<[string, () => string, RegExp]>([
    ['has expired', () => teamsTokenWith({ exp: 1 }), /^has expired/],
    ['is no JWT', () => 'ey.ey.x', /^is not valid/],
    [
      'is of another application',
      () => teamsTokenWith({ appid: randomUUID() }),
      /^is of another application/,
    ],
    ['is of another user', () => teamsTokenWith({ oid: randomUUID() }), /^is of another user/],
  ])('because it %s says so with the answer that ACS gives', async (_title, token, message) => {
    const response = await exchange(token());

    expect(outcomeOf(response)).toBe('invalid_request');
    expect(errorsOf(response)).toEqual([{ path: 'teamsUserToken', message: expect.stringMatching(message) }]);
  });

  test('because it is of another application leaves a hint in the log', async () => {
    const error = { code: 'ValidationError', target: 'appId', message: TEXT };
    const { service } = await startAgainst(status(400, {}, { error }));

    const response = await exchange(teamsTokenWith(), { service });

    expect(eventOf(response, service)).toMatchObject({ hint: expect.stringContaining('TEAMS_CLIENT_ID') });
  });

  test('does not make the service read its secret again', async () => {
    await exchange(teamsTokenWith());
    api.azure.vault.requests.reset();
    api.azure.acs.faults.arm({ operation: 'exchangeTeamsToken', status: 401, code: 'InvalidAccessToken' });

    const response = await exchange(teamsTokenWith());

    expect(outcomeOf(response)).toBe('invalid_request');
    expect(api.azure.vault.requests.toJSON()).toEqual({});
  });

  test('is not mistaken for rejected credentials', async () => {
    api.azure.acs.faults.arm({ operation: 'exchangeTeamsToken', status: 401, code: 'Denied', times: 2 });

    const response = await exchange(teamsTokenWith());

    expect(outcomeOf(response)).toBe('upstream_rejected');
  });
});

test('repeats the exchange after dropped connections', async () => {
  api.azure.acs.faults.arm({ operation: 'exchangeTeamsToken', drop: true, times: 2 });

  const response = await exchange(teamsTokenWith());

  expect(response.status).toBe(200);
  expect(api.azure.acs.requests.count('exchangeTeamsToken')).toBe(3);
});

// The last test: from here on the service rejects exchanges without asking ACS.
test('gets 429 with Retry-After when ACS throttles, and other operations go on', async () => {
  api.azure.acs.faults.arm({ operation: 'exchangeTeamsToken', status: 429, retryAfter: '25' });

  const throttled = await exchange(teamsTokenWith());
  const again = await exchange(teamsTokenWith());
  const issued = await api.send('GET', 'users/me/token', {
    headers: { Authorization: `Bearer ${await bearerWith()}` },
  });

  expect([throttled, again, issued].map(outcomeOf)).toEqual(['too_many_requests', 'too_many_requests', 'ok']);
  expect(throttled.headers.get('Retry-After')).toBe('25');
  expect(api.azure.acs.requests.count('exchangeTeamsToken')).toBe(1);
});
