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
  identity.seen.reset();
});

afterAll(async () => {
  process.env = originalEnv;
  await identity.close();
});

/** What a process that starts now would get: the SDK keeps tokens, and the endpoint, as long as it is loaded. */
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

/** A request as the SDK would send it, but for what is given. */
function request(
  query: Record<string, string>,
  headers: Record<string, string> = { 'X-IDENTITY-HEADER': identity.env().IDENTITY_HEADER },
): Promise<Response> {
  return fetch(`${identity.env().IDENTITY_ENDPOINT}?${new URLSearchParams(query).toString()}`, { headers });
}

test('the system-assigned identity gets a token for the vault, good for a day', async () => {
  const { token, expiresOnTimestamp } = await getToken(`${VAULT}/.default`);

  const hoursLeft = (expiresOnTimestamp - Date.now()) / 3_600_000;

  expect(hoursLeft).toBeGreaterThan(23.9);
  expect(hoursLeft).toBeLessThanOrEqual(24);
  expect(identity.accepts(token, VAULT)).toBe(true);
});

test('the user-assigned identity gets a token by its client id', async () => {
  const { token } = await getToken(`${VAULT}/.default`, { clientId: identity.clientId });

  const accepted = identity.accepts(token, VAULT);

  expect(accepted).toBe(true);
});

test('a token for Communication Services has an audience that ends with a slash, and is good for nothing else', async () => {
  const { token } = await getToken('https://communication.azure.com//.default');

  const accepted = ['https://communication.azure.com/', 'https://communication.azure.com', VAULT].map(
    (audience) => identity.accepts(token, audience),
  );

  expect(accepted).toEqual([true, false, false]);
  expect(identity.accepts(token, [VAULT, 'https://communication.azure.com/'])).toBe(true);
});

test('a token is refused once it expired', async () => {
  const { token } = await getToken(`${VAULT}/.default`);

  clockOffset = 24 * 60 * 60 * 1000;

  expect(identity.accepts(token, VAULT)).toBe(false);
});

test('a token that was changed, or that another emulator issued, is refused', async () => {
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

test('a token comes in the shape App Service gives it', async () => {
  const answer = await request({
    'api-version': '2019-08-01',
    resource: VAULT,
    client_id: identity.clientId,
  });

  const body: unknown = await answer.json();

  expect(body).toEqual({
    access_token: expect.stringMatching(/^[^.]+\.[^.]+\.[^.]+$/),
    expires_on: expect.stringMatching(/^\d{10}$/),
    resource: VAULT,
    token_type: 'Bearer',
    client_id: identity.clientId,
  });
});

test('a wrong identity header gets no token', async () => {
  const token = getToken(`${VAULT}/.default`, { header: 'wrong' });

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Invalid secret token header.'),
  });
});

test('a missing identity header answers 401', async () => {
  const answer = await request({ 'api-version': '2019-08-01', resource: VAULT }, {});

  const body: unknown = await answer.json();

  expect(answer.status).toBe(401);
  expect(body).toMatchObject({ statusCode: 401, message: 'Invalid secret token header.' });
});

test('a client id that is not assigned to the app gets no token', async () => {
  const token = getToken(`${VAULT}/.default`, { clientId: '11111111-2222-3333-4444-555555555555' });

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Unable to load the proper Managed Identity.'),
  });
});

test('an app without any identity gets no token', async () => {
  identity.refuse(true);

  const token = getToken(`${VAULT}/.default`);

  await expect(token).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    message: expect.stringContaining('Unable to load the proper Managed Identity.'),
  });
});

test('another api-version answers 400 with UnsupportedApiVersion', async () => {
  const answer = await request({ 'api-version': '2017-09-01', resource: VAULT });

  const body: unknown = await answer.json();

  expect(answer.status).toBe(400);
  expect(body).toMatchObject({ error: { code: 'UnsupportedApiVersion' } });
});

test('a request without a resource answers 400', async () => {
  const answer = await request({ 'api-version': '2019-08-01' });

  const body: unknown = await answer.json();

  expect(answer.status).toBe(400);
  expect(body).toMatchObject({ statusCode: 400, message: 'The resource parameter is required.' });
});

test('an endpoint that fails gives no token', async () => {
  identity.faults.arm({ operation: 'getToken', status: 500, message: 'The identity service is down.' });

  const token = getToken(`${VAULT}/.default`);

  await expect(token).rejects.toMatchObject({ name: 'CredentialUnavailableError' });
  expect(identity.seen.count('getToken')).toBe(1);
});
