import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';
import { errorResponse, send, sign } from './signedRequest.ts';

const version = 'api-version=2023-10-01';
const create = { target: `/identities?${version}` };

let acs: AcsEmulator;
let key: string;
let userId: string;

beforeAll(async () => {
  acs = await startAcsEmulator();
  key = acs.accessKeys.base64('primary');
  userId = (await connect(acs).createUser()).communicationUserId;
});

beforeEach(() => {
  acs.requests.reset();
});

afterAll(() => acs.close());

test('returns the common headers', async () => {
  const auth = { ...sign(acs.url, key, create), 'x-ms-client-request-id': 'mine' };

  const { status, headers, body } = await send(acs.url, auth, create);

  expect(status).toBe(201);
  expect(body).toEqual({ identity: { id: expect.stringMatching(/^8:acs:/) } });
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(headers.get('x-ms-client-request-id')).toBe('mine');
  expect(headers.get('ms-cv')).toMatch(/^[A-Za-z0-9+/]{22}\.0$/);
  expect(headers.get('api-supported-versions')).toContain('2023-10-01');
});

test('writes an expiry with up to seven fraction digits and an offset', async () => {
  const target = `/identities/${userId}/:issueAccessToken?${version}`;

  const { status, body } = await send(acs.url, key, { target, body: { scopes: ['chat'] } });

  expect(status).toBe(200);
  expect(body).toEqual({
    token: expect.any(String),
    expiresOn: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00$/),
  });
});

test('creates an identity without a token when the scopes are null', async () => {
  const { status, body } = await send(acs.url, key, { ...create, body: { createTokenWithScopes: null } });

  expect(status).toBe(201);
  expect(body).not.toHaveProperty('accessToken');
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
});

test('rejects and counts a request without credentials', async () => {
  const reply = await send(acs.url, {}, create);

  expect(reply).toMatchObject(errorResponse(401, 'Denied', 'Denied by the resource provider.'));
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
});

test('rejects a body that was changed after signing', async () => {
  const target = `/identities/${userId}/:issueAccessToken?${version}`;
  const auth = sign(acs.url, key, { target, body: { scopes: ['chat'] } });

  const reply = await send(acs.url, auth, { target, body: { scopes: ['voip'] } });

  expect(reply).toMatchObject(
    errorResponse(401, 'Denied', "Request 'x-ms-content-sha256' differs from generated content hash."),
  );
});

test('rejects a signature of another key', async () => {
  const reply = await send(acs.url, Buffer.alloc(64).toString('base64'), create);

  expect(reply).toMatchObject(errorResponse(401, 'Denied', 'Denied by the resource provider.'));
});

test('rejects a signature without the host', async () => {
  const auth = sign(acs.url, key, create);
  const Authorization = auth['Authorization']?.replace(';host', '') ?? '';

  const reply = await send(acs.url, { ...auth, Authorization }, create);

  expect(reply).toMatchObject(errorResponse(401, 'Denied'));
});

test('rejects the signature of another path', async () => {
  const auth = sign(acs.url, key, create);

  const reply = await send(acs.url, auth, { target: `/identities/${userId}/:revokeAccessTokens?${version}` });

  expect(reply).toMatchObject(errorResponse(401, 'Denied'));
});

test.each([
  [-310, 401],
  [-290, 201],
  [290, 201],
  [310, 401],
])('with a clock skew of %d seconds returns %d', async (seconds, status) => {
  const date = new Date(Date.now() + seconds * 1000);

  const reply = await send(acs.url, key, { ...create, date });

  expect(reply.status).toBe(status);
});

test('rejects every client while its clock is ten minutes fast', async () => {
  await acs.commands['setClockOffset']?.run({ seconds: 600 });
  const skewed = connect(acs).createUser();
  await expect(skewed).rejects.toMatchObject({ statusCode: 401, code: 'Denied' });

  await acs.commands['setClockOffset']?.run({ seconds: 0 });
  await expect(connect(acs).createUser()).resolves.toHaveProperty('communicationUserId');
});

test('rejects an unsupported API version', async () => {
  const reply = await send(acs.url, key, { target: '/identities?api-version=2030-01-01' });

  expect(reply).toMatchObject(
    errorResponse(
      400,
      'UnsupportedApiVersion',
      `The HTTP resource that matches the request URI '${acs.url}/identities' does not support the API version '2030-01-01'.`,
    ),
  );
});

test('rejects a request without an API version', async () => {
  const reply = await send(acs.url, key, { target: '/identities' });

  expect(reply).toMatchObject(errorResponse(400, 'ApiVersionUnspecified'));
});

test.each([
  ['2020-07-20-preview2', ':issueAccessToken'],
  ['2023-10-01', 'token'],
])('API version %s does not support %s', async (apiVersion, operation) => {
  const target = `/identities/${userId}/${operation}?api-version=${apiVersion}`;

  const reply = await send(acs.url, key, { target, body: { scopes: ['chat'] } });

  expect(reply).toMatchObject(errorResponse(400, 'UnsupportedApiVersion'));
});

test('API version 2021-03-07 supports no custom expiry, join scopes or Teams tokens', async () => {
  const old = 'api-version=2021-03-07';
  const target = `/identities/${userId}/:issueAccessToken?${old}`;

  const custom = await send(acs.url, key, { target, body: { scopes: ['chat'], expiresInMinutes: 1 } });
  const join = await send(acs.url, key, { target, body: { scopes: ['chat.join'] } });
  const teams = await send(acs.url, key, { target: `/teamsUser/:exchangeAccessToken?${old}` });

  expect(custom.status).toBe(200);
  expect(join).toMatchObject(errorResponse(400, 'ValidationError'));
  expect(teams).toMatchObject(errorResponse(400, 'UnsupportedApiVersion'));
});

test('returns 404 for an unknown path', async () => {
  const reply = await send(acs.url, key, { target: `/phoneNumbers?${version}` });

  expect(reply).toMatchObject(errorResponse(404, 'NotFound'));
  expect(acs.requests.toJSON()).toEqual({ unknown: 1 });
});

test.each([
  ['a body that is no object', ['chat'], 'Body'],
  ['no scopes', {}, 'Scopes'],
  ['null scopes', { scopes: null }, 'Scopes'],
  ['scopes that are no list', { scopes: 'chat' }, 'Scopes'],
  ['an unknown scope', { scopes: ['chat', 'sms'] }, 'Scopes'],
  ['a fractional expiry', { scopes: ['chat'], expiresInMinutes: 60.5 }, 'ExpiresInMinutes'],
  ['an expiry that is a string', { scopes: ['chat'], expiresInMinutes: '60' }, 'ExpiresInMinutes'],
])('issues no token for %s', async (_title, body, target) => {
  const reply = await send(acs.url, key, {
    target: `/identities/${userId}/:issueAccessToken?${version}`,
    body,
  });

  expect(reply).toMatchObject({ status: 400, body: { error: { code: 'ValidationError', target } } });
});

test('accepts an id with plain or percent-encoded colons', async () => {
  const body = { scopes: ['chat'] };
  const plain = `/identities/${userId}/:issueAccessToken?${version}`;
  const encoded = `/identities/${encodeURIComponent(userId)}/:issueAccessToken?${version}`;

  const replies = await Promise.all([plain, encoded].map((target) => send(acs.url, key, { target, body })));

  expect(encoded).toContain('%3A');
  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
});

test.each([
  ['a malformed id', () => 'someone', 400, 'ValidationError'],
  ['an invalid percent-encoding', () => '%zz', 400, 'ValidationError'],
  ['an id with a suffix', () => `${userId}0`, 400, 'ValidationError'],
  ['an unknown id', () => `${userId.slice(0, -12)}000000000000`, 404, 'IdentityNotFound'],
  ["another resource's id", () => userId.replace(/[0-9a-f]{8}/, '00000000'), 401, 'IdentityNotOwned'],
])('rejects %s in every operation', async (_title, id, status, code) => {
  const requests = [
    { target: `/identities/${id()}/:issueAccessToken?${version}`, body: { scopes: ['chat'] } },
    { target: `/identities/${id()}/:revokeAccessTokens?${version}` },
    { target: `/identities/${id()}?${version}`, method: 'DELETE' },
  ];

  const replies = await Promise.all(requests.map((request) => send(acs.url, key, request)));

  for (const reply of replies) expect(reply).toMatchObject(errorResponse(status, code));
});
