import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Api, ApiRequest, ApiResponse, StartApi } from './api.ts';

const json = { 'Content-Type': 'application/json' };
const foreignId = '8:acs:11111111-2222-3333-4444-555555555555_66666666-7777-8888-9999-000000000000';
const token = `users/${foreignId}/token`;
const body = (value: unknown): ApiRequest => ({ headers: json, body: JSON.stringify(value) });
const raw = (text: string, contentType = 'application/json'): ApiRequest => ({
  headers: { 'Content-Type': contentType },
  body: text,
});

/** Requests that are rejected without ACS: method, path, request, and the field that the problem names. */
const badRequests: [title: string, method: string, path: string, request: ApiRequest, field: string][] = [
  ['broken JSON', 'POST', token, raw('{"scopes":'), 'body'],
  ['a body that is not an object', 'POST', token, body(['chat']), 'body'],
  ['null', 'POST', 'users', body(null), 'body'],
  ['deep nesting', 'POST', token, raw('['.repeat(16_000)), 'body'],
  ['deep nesting in a field', 'POST', token, raw(`{"a":${'['.repeat(8000)}${']'.repeat(8000)}}`), 'a'],
  ['a wrong content type', 'POST', token, raw('{}', 'text/plain'), 'Content-Type'],
  ['a form', 'POST', 'users', raw('scopes=chat', 'application/x-www-form-urlencoded'), 'Content-Type'],
  ['an unknown field', 'POST', token, body({ scope: ['chat'] }), 'scope'],
  ['a __proto__ field', 'POST', 'users', raw('{"__proto__":{"scopes":["chat"]}}'), '__proto__'],
  ['a repeated key', 'POST', token, raw('{"scopes":["chat"],"sc\\u006fpes":["voip"]}'), 'scopes'],
  ['no scope', 'POST', token, body({ scopes: [] }), 'scopes'],
  ['a scope twice', 'POST', token, body({ scopes: ['chat', 'chat'] }), 'scopes'],
  ['an unknown scope', 'POST', token, body({ scopes: ['chat', 'pstn'] }), 'scopes[1]'],
  ['a scope that is not allowed', 'POST', 'users', body({ scopes: ['chat.join'] }), 'scopes[0]'],
  ['scopes as a string', 'POST', token, body({ scopes: 'chat' }), 'scopes'],
  ['an empty scope in the query', 'GET', `${token}?scope=`, {}, 'scope'],
  ['a scope twice in the query', 'GET', `${token}?scope=chat&scope=chat`, {}, 'scope'],
  ['an unknown scope in the query', 'GET', `${token}?scope=voip,admin`, {}, 'scope[1]'],
  ['a misspelt scope in the query', 'GET', `${token}?scopes=chat`, {}, 'scopes'],
  ['scopes in body and query', 'POST', `${token}?scope=chat`, body({ scopes: ['voip'] }), 'scopes'],
  ...[59, 1441, 60.5, '60'].map((value): (typeof badRequests)[number] => [
    `an expiry of ${JSON.stringify(value)}`,
    'POST',
    token,
    body({ expiresInMinutes: value }),
    'expiresInMinutes',
  ]),
  ...['59', '1441', '60.5', 'abc', '', '60&expiresInMinutes=90'].map(
    (value): (typeof badRequests)[number] => [
      `an expiry of ${value} in the query`,
      'GET',
      `${token}?expiresInMinutes=${value}`,
      {},
      'expiresInMinutes',
    ],
  ),
  ['a subject with function keys', 'POST', 'users', body({ subject: 'alice' }), 'subject'],
  ['a service saying me', 'GET', 'users/me/token', {}, 'userId'],
  ...[
    ['of another shape', 'alice'],
    ['that is enormous', `8:acs:${'0'.repeat(4000)}`],
    ['encoded twice', encodeURIComponent(encodeURIComponent(foreignId))],
    ['with an encoded slash', `${foreignId}%2Fx`],
    ['with a line feed', `${foreignId}%0A`],
    ['of another kind', foreignId.replace('8:acs', '8:orgid')],
    ['of spaces', '%20%20'],
  ].map(([title, id]): (typeof badRequests)[number] => [
    `an id ${title ?? ''}`,
    'DELETE',
    `users/${id ?? ''}`,
    {},
    'userId',
  ]),
];

/** How the service responds to invalid requests and failing dependencies. */
export function describeRefusals(transport: string, start: StartApi): void {
  describe(`the service ${transport}`, () => {
    let api: Api;
    beforeAll(async () => {
      api = await start();
    });
    beforeEach(() => {
      api.azure.acs.requests.reset();
      api.azure.acs.faults.clear();
    });
    afterAll(() => api.stop());

    test.each(badRequests)('rejects %s before calling ACS', async (_title, method, path, request, field) => {
      const response = await api.send(method, path, request);

      expectProblem(response, 400, 'invalid_request');
      expect(response.body).toMatchObject({
        errors: expect.arrayContaining([{ path: field, message: expect.any(String) }]),
      });
      expect(api.azure.acs.requests.toJSON()).toEqual({});
    });

    test.each([
      ['POST', 'users'],
      ['POST', token],
    ])('%s %s rejects a body over 16 KiB before calling ACS', async (method, path) => {
      const response = await api.send(method, path, raw(`{"scopes":["${'x'.repeat(16 * 1024)}"]}`));

      expectProblem(response, 413, 'payload_too_large');
      expect(api.azure.acs.requests.toJSON()).toEqual({});
    });

    test.each([
      ['GET', token],
      ['DELETE', token],
      ['DELETE', `users/${foreignId}`],
    ])("%s %s returns 404 for another resource's user", async (method, path) => {
      const response = await api.send(method, path);

      expectProblem(response, 404, 'user_not_found');
    });

    test('returns 404 for a deleted user', async () => {
      const created = (await api.send('POST', 'users')).body as { user: { communicationUserId: string } };
      await api.send('DELETE', `users/${created.user.communicationUserId}`);

      const response = await api.send('GET', `users/${created.user.communicationUserId}/token`);

      expectProblem(response, 404, 'user_not_found');
    });

    test.each([
      ['PUT', 'users'],
      ['GET', 'users'],
      ['PATCH', token],
      ['GET', 'users//token'],
      ['GET', 'users/a/b/token'],
      ['GET', 'nothing'],
    ])('%s %s matches no route', async (method, path) => {
      const response = await api.send(method, path);

      expect(response).toMatchObject({ status: 404, body: undefined });
    });

    test('returns 503 with Retry-After when ACS fails, and does not repeat a create', async () => {
      api.azure.acs.faults.arm({ status: 500, times: 9 });

      const response = await api.send('POST', 'users');

      expectProblem(response, 503, 'upstream_unavailable');
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(api.azure.acs.requests.count('createUser')).toBe(1);
    });

    test('repeats issueToken after dropped connections', async () => {
      const created = (await api.send('POST', 'users')).body as { user: { communicationUserId: string } };
      api.azure.acs.faults.arm({ drop: true, times: 2 });

      const response = await api.send('GET', `users/${created.user.communicationUserId}/token`);

      expect(response.status).toBe(200);
      expect(api.azure.acs.requests.count('issueToken')).toBe(3);
    });

    // The last test: from here on the service rejects POST users without asking ACS.
    test('returns 429 with Retry-After when ACS throttles, and then without asking ACS', async () => {
      api.azure.acs.faults.arm({ status: 429, code: 'TooManyRequests', retryAfter: '25' });

      const response = await api.send('POST', 'users');

      expectProblem(response, 429, 'too_many_requests');
      expect(response.headers.get('Retry-After')).toBe('25');
      const sent = api.azure.acs.requests.count('createUser');
      const again = await api.send('POST', 'users');
      expectProblem(again, 429, 'too_many_requests');
      expect(Number(again.headers.get('Retry-After'))).toBeGreaterThan(20);
      expect(api.azure.acs.requests.count('createUser')).toBe(sent);
    });
  });

  describe(`a service with a short deadline ${transport}`, () => {
    let api: Api;
    beforeAll(async () => {
      api = await start({ env: { REQUEST_DEADLINE_SECONDS: '1' } });
    });
    afterAll(() => api.stop());

    test('returns 504 when ACS hangs', async () => {
      await api.send('GET', 'health');
      api.azure.acs.faults.arm({ delayMs: 600_000 });

      const response = await api.send('POST', 'users');

      expectProblem(response, 504, 'upstream_timeout');
      expect(JSON.stringify(api.logs())).toContain('upstream_timeout');
    });
  });

  describe(`a service with a malformed connection string in its vault ${transport}`, () => {
    const key = 'SGVyZSBpcyBhIGtleSB0aGF0IG11c3Qgbm90IGxlYWs=';
    let api: Api;
    beforeAll(async () => {
      api = await start({ secret: `endpoint=https://contoso.example;accesskey=${key}!;accesskey` });
    });
    afterAll(() => api.stop());

    test('returns misconfigured and shows no part of the connection string', async () => {
      const response = await api.send('POST', 'users');
      const health = await api.send('GET', 'health');

      expectProblem(response, 500, 'misconfigured');
      expect(health).toMatchObject({
        status: 503,
        body: { status: 'failed', checks: { settings: 'ok', connectionString: 'failed' } },
      });
      const shown = JSON.stringify([response.body, health.body, api.logs()]);
      expect(shown).toContain('ACS_CONNECTION_STRING_SECRET');
      expect(shown).not.toContain('contoso');
      for (let start = 0; start < key.length - 6; start += 1) {
        expect(shown).not.toContain(key.slice(start, start + 6));
      }
    });
  });

  describe(`a service with wrong settings ${transport}`, () => {
    let api: Api;
    beforeAll(async () => {
      api = await start({ env: { TOKEN_MAX_EXPIRY_MINUTES: '17', CALLER_AUTH: 'nobody' } });
    });
    afterAll(() => api.stop());

    test('returns misconfigured, and only the log names the settings', async () => {
      const response = await api.send('POST', 'users');
      const health = await api.send('GET', 'health');

      expectProblem(response, 500, 'misconfigured');
      expect(health).toMatchObject({
        status: 503,
        body: { status: 'failed', checks: { settings: 'failed' } },
      });
      const healthLines = api.logs().filter((line) => line.includes('"function":"health"'));
      expect(healthLines.join()).toContain('"outcome":"misconfigured"');
      expect(JSON.stringify(response.body)).not.toMatch(/TOKEN_MAX|CALLER_AUTH/);
      expect(api.logs().join('\n')).toContain('TOKEN_MAX_EXPIRY_MINUTES must be a whole number');
      expect(api.logs().join('\n')).toContain('CALLER_AUTH must be');
    });
  });
}

function expectProblem(response: ApiResponse, status: number, code: string): void {
  expect(response.body).toMatchObject({ code, status });
  expect(response.status).toBe(status);
  expect(response.headers.get('Content-Type')).toMatch(/^application\/problem\+json/);
  expect(response.body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    requestId: response.headers.get('X-Request-Id'),
  });
  expect(response.body).not.toHaveProperty('token');
}
