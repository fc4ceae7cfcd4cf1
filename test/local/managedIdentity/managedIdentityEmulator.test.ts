import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { AccessToken } from '@azure/identity';
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
  options: { clientId?: string; header?: string } = {},
): Promise<AccessToken> {
  const { clientId, header } = options;
  process.env = { ...originalEnv, ...identity.env(), ...(header && { IDENTITY_HEADER: header }) };
  jest.resetModules();
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const credential = new ManagedIdentityCredential({
    ...(clientId && { clientId }),
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
