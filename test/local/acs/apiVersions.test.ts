import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { errorResponse, send } from './signedRequest.ts';

const appId = 'c2f1a7f0-0b0e-4e3e-9d0c-6f4b1f0a9c11';
const userId = '5f3b4e9a-3d4c-4a0d-8a3f-0f6f6f6c2b22';
const token = new UnsecuredJWT({ appid: appId, oid: userId, exp: 9e9 }).encode();

let acs: AcsEmulator;
let key: string;

beforeAll(async () => {
  acs = await startAcsEmulator();
  key = acs.accessKeys.base64('primary');
});

afterAll(() => acs.close());

const post = (path: string, version: string, body: unknown) =>
  send(acs.url, key, { target: `${path}?api-version=${version}`, body });

test.each([
  ['2021-02-22-preview1', false, false],
  ['2021-03-07', false, false],
  ['2021-10-31-preview', false, false],
  ['2021-11-01', false, false],
  ['2022-06-01', false, false],
  ['2022-10-01', true, false],
  ['2023-08-01', true, true],
  ['2023-10-01', true, true],
  ['2025-06-30', true, true],
  ['2026-07-22', true, true],
  ['2026-09-23', true, true],
])('serves API version %s; custom expiry: %s, join scopes: %s', async (version, customExpiry, joinScopes) => {
  const created = await post('/identities', version, {
    createTokenWithScopes: ['chat'],
    expiresInMinutes: 59,
  });
  const joined = await post('/identities', version, { createTokenWithScopes: ['chat.join'] });

  expect(created.status).toBe(customExpiry ? 400 : 201);
  expect(joined.status).toBe(joinScopes ? 201 : 400);
  expect(created.headers.get('api-supported-versions')?.split(', ')).toContain(version);
});

test.each(['2021-02-22-preview1', '2021-03-07', '2021-11-01'])(
  'exchanges no Teams tokens in API version %s',
  async (version) => {
    const reply = await post('/teamsUser/:exchangeAccessToken', version, { token, appId, userId });

    expect(reply).toMatchObject(errorResponse(400, 'UnsupportedApiVersion'));
    expect(reply.headers.get('api-supported-versions')?.split(', ')).not.toContain(version);
  },
);

test.each(['2022-06-01', '2022-10-01', '2023-08-01', '2023-10-01', '2025-06-30', '2026-07-22', '2026-09-23'])(
  'exchanges Teams tokens for an application and a user in API version %s',
  async (version) => {
    const exchanged = await post('/teamsUser/:exchangeAccessToken', version, { token, appId, userId });
    const incomplete = await post('/teamsUser/:exchangeAccessToken', version, { token });

    expect(exchanged.status).toBe(200);
    expect(incomplete).toMatchObject(errorResponse(400, 'ValidationError'));
    expect(exchanged.headers.get('api-supported-versions')?.split(', ')).toContain(version);
  },
);

test('exchanges a Teams token alone in API version 2021-10-31-preview', async () => {
  const { status } = await post('/teamsUser/:exchangeAccessToken', '2021-10-31-preview', { token });

  expect(status).toBe(200);
});

test('lists no API versions for an unknown path', async () => {
  const { status, headers } = await post('/phoneNumbers', '2023-10-01', undefined);

  expect(status).toBe(404);
  expect(headers.has('api-supported-versions')).toBe(false);
});
