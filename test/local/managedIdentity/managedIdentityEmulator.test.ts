import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { AccessToken } from '@azure/identity';
import { decodeJwt } from 'jose';
import {
  type ManagedIdentityEmulator,
  startManagedIdentityEmulator,
} from '../../../local/managedIdentity/managedIdentityEmulator.ts';

const VAULT = 'https://vault.azure.net';
const originalEnv = { ...process.env };

let identity: ManagedIdentityEmulator;
let clockOffset = 0;

beforeAll(async () => {
  identity = await startManagedIdentityEmulator({ clock: () => Date.now() + clockOffset });
});

beforeEach(() => {
  clockOffset = 0;
  identity.refuse(false);
  identity.faults.clear();
  identity.requests.reset();
});

afterAll(async () => {
  process.env = originalEnv;
  await identity.close();
});

/** Gets a token with a newly loaded SDK, which otherwise caches tokens and the endpoint. */
async function getToken(
  scope: string,
  options: { clientId?: string; resourceId?: string; objectId?: string; header?: string } = {},
): Promise<AccessToken> {
  const { header, ...selection } = options;
  process.env = { ...originalEnv, ...identity.env(), ...(header && { IDENTITY_HEADER: header }) };
  jest.resetModules();
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const credential = new ManagedIdentityCredential({
    ...selection,
    retryOptions: { maxRetries: 0 },
  });
  return credential.getToken(scope);
}

test('issues a token of the system-assigned identity for a day', async () => {
  const { token, expiresOnTimestamp } = await getToken(`${VAULT}/.default`);

  const hoursLeft = (expiresOnTimestamp - Date.now()) / 3_600_000;

  expect(hoursLeft).toBeGreaterThan(23.9);
  expect(hoursLeft).toBeLessThanOrEqual(24);
  expect(identity.accepts(token, VAULT)).toBe(true);
});

test('issues a token of the user-assigned identity for its client id', async () => {
  const { token } = await getToken(`${VAULT}/.default`, { clientId: identity.clientId });

  const accepted = identity.accepts(token, VAULT);

  expect(accepted).toBe(true);
});

test('accepts a token for its own audience only; the one of Communication Services ends with a slash', async () => {
  const { token } = await getToken('https://communication.azure.com//.default');

  const accepted = ['https://communication.azure.com/', 'https://communication.azure.com', VAULT].map(
    (audience) => identity.accepts(token, audience),
  );

  expect(accepted).toEqual([true, false, false]);
  expect(identity.accepts(token, [VAULT, 'https://communication.azure.com/'])).toBe(true);
});

test('rejects an expired token', async () => {
  const { token } = await getToken(`${VAULT}/.default`);

  clockOffset = 24 * 60 * 60 * 1000;

  expect(identity.accepts(token, VAULT)).toBe(false);
});

test('rejects a changed token and a token of another emulator', async () => {
  const another = await startManagedIdentityEmulator();
  const { token } = await getToken(`${VAULT}/.default`);
  const [header, , signature] = token.split('.');
  const claims = { aud: VAULT, appid: identity.clientId, exp: 9_999_999_999 };
  const changed = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');

  const accepted = [
    identity.accepts(changed, VAULT),
    another.accepts(token, VAULT),
    identity.accepts('', VAULT),
  ];

  expect(accepted).toEqual([false, false, false]);
  await another.close();
});

test('issues no token for a wrong identity header', async () => {
  const token = getToken(`${VAULT}/.default`, { header: 'wrong' });

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Invalid secret token header.'),
  });
});

test('issues no token for a client id that is not assigned to the app', async () => {
  const token = getToken(`${VAULT}/.default`, { clientId: '11111111-2222-3333-4444-555555555555' });

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Unable to load the proper Managed Identity.'),
  });
});

test.each([
  ['resource id', () => ({ resourceId: identity.resourceId })],
  ['resource id in capitals', () => ({ resourceId: identity.resourceId.toUpperCase() })],
  ['principal id', () => ({ objectId: identity.principalId })],
])('issues a token of the user-assigned identity for its %s', async (_title, selection) => {
  const { token } = await getToken(`${VAULT}/.default`, selection());

  expect(decodeJwt(token)).toMatchObject({ appid: identity.clientId });
});

test.each([
  ['resource id', { resourceId: '/subscriptions/other' }],
  ['principal id', { objectId: '11111111-2222-3333-4444-555555555555' }],
])('issues no token for a %s that is not assigned to the app', async (_title, selection) => {
  const token = getToken(`${VAULT}/.default`, selection);

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Unable to load the proper Managed Identity.'),
  });
});

/** The response to a request with this query, beside the resource and the API version. */
async function answer(query: string): Promise<{ status: number; body: unknown }> {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = identity.env();
  const response = await fetch(`${IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=${VAULT}&${query}`, {
    headers: { 'X-IDENTITY-HEADER': IDENTITY_HEADER },
  });
  return { status: response.status, body: await response.json() };
}

test.each([
  ['client_id', () => identity.clientId],
  ['principal_id', () => identity.principalId],
  ['object_id', () => identity.principalId],
  ['mi_res_id', () => identity.resourceId],
])('selects the user-assigned identity by %s and refuses an unknown one', async (name, id) => {
  const known = await answer(`${name}=${encodeURIComponent(id())}`);
  const unknown = await answer(`${name}=unknown`);

  expect(known).toMatchObject({ status: 200, body: { client_id: identity.clientId } });
  expect(unknown).toMatchObject({
    status: 400,
    body: { statusCode: 400, message: 'Unable to load the proper Managed Identity.' },
  });
});

test('selects the system-assigned identity when no parameter names one', async () => {
  const { body } = await answer('toString=1');

  expect(body).toMatchObject({ client_id: expect.not.stringMatching(identity.clientId) });
});

test('refuses a request with two ids', async () => {
  const { status } = await answer(`client_id=${identity.clientId}&object_id=${identity.principalId}`);

  expect(status).toBe(400);
});

test('shows the ids of both identities', () => {
  const { clientId, principalId, resourceId } = identity;

  expect(identity.state()).toMatchObject({
    systemAssigned: { clientId: expect.any(String) },
    userAssigned: { clientId, principalId, resourceId },
  });
});

test('issues no token to an app without an identity', async () => {
  identity.refuse(true);

  const token = getToken(`${VAULT}/.default`);

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Unable to load the proper Managed Identity.'),
  });
});

test('injects faults', async () => {
  identity.faults.arm({ operation: 'getToken', status: 500, message: 'The identity service is down.' });

  const token = getToken(`${VAULT}/.default`);

  await expect(token).rejects.toMatchObject({ name: 'CredentialUnavailableError' });
  expect(identity.requests.count('getToken')).toBe(1);
});
