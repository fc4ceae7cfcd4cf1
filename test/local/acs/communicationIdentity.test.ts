import { AzureKeyCredential } from '@azure/core-auth';
import { CommunicationIdentityClient } from '@azure/communication-identity';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { decodeJwt, jwtVerify, UnsecuredJWT } from 'jose';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';

const clientId = 'c2f1a7f0-0b0e-4e3e-9d0c-6f4b1f0a9c11';
const userObjectId = '5f3b4e9a-3d4c-4a0d-8a3f-0f6f6f6c2b22';
const tenantId = '0a7c1c53-4e9b-4ac6-9d6f-1f7f6d0e3c33';
const dayMs = 24 * 60 * 60_000;

let acs: AcsEmulator;
let client: CommunicationIdentityClient;

beforeAll(async () => {
  acs = await startAcsEmulator();
  client = connect(acs);
});

beforeEach(() => {
  acs.requests.reset();
});

afterAll(() => acs.close());

test('creates a user whose id contains the resource id', async () => {
  const { communicationUserId } = await client.createUser();

  expect(communicationUserId).toMatch(
    new RegExp(`^8:acs:${acs.identities.resourceId}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
  );
  expect(acs.identities.has(communicationUserId)).toBe(true);
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
});

test('creates a user and a token for a day in one request', async () => {
  const before = Date.now();

  const { user, token, expiresOn } = await client.createUserAndToken(['chat', 'voip']);

  expect(acs.identities.has(user.communicationUserId)).toBe(true);
  expect(await acs.isTokenValid(token)).toBe(true);
  expect(expiresOn.getTime()).toBeGreaterThanOrEqual(before + dayMs);
  expect(expiresOn.getTime()).toBeLessThanOrEqual(Date.now() + dayMs);
  expect(acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
});

test('creates a user and a token with the requested expiry', async () => {
  const before = Date.now();

  const { expiresOn } = await client.createUserAndToken(['chat'], { tokenExpiresInMinutes: 60 });

  expect(expiresOn.getTime()).toBeGreaterThanOrEqual(before + 60 * 60_000);
  expect(expiresOn.getTime()).toBeLessThanOrEqual(Date.now() + 60 * 60_000);
});

test('issues a token with the requested expiry', async () => {
  const user = await client.createUser();
  const before = Date.now();

  const { token, expiresOn } = await client.getToken(user, ['voip'], { tokenExpiresInMinutes: 90 });

  expect(await acs.isTokenValid(token)).toBe(true);
  expect(expiresOn.getTime()).toBeGreaterThanOrEqual(before + 90 * 60_000);
  expect(expiresOn.getTime()).toBeLessThanOrEqual(Date.now() + 90 * 60_000);
});

test("signs a token with RS256 and the service's header and claims", async () => {
  const user = await client.createUser();

  const { token, expiresOn } = await client.getToken(user, ['chat', 'voip.join']);

  const { payload, protectedHeader } = await jwtVerify(token, acs.accessTokens.publicKey);
  expect(Object.keys(protectedHeader)).toEqual(['alg', 'kid', 'x5t', 'typ']);
  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  expect(payload).toMatchObject({
    skypeid: user.communicationUserId.slice('8:'.length),
    scp: 1792,
    csi: String(payload.iat),
    exp: Math.floor(expiresOn.getTime() / 1000),
    acsScope: 'chat,voip.join',
    resourceId: acs.identities.resourceId,
  });
  expect(payload).not.toHaveProperty('iss');
  expect(payload).not.toHaveProperty('aud');
});

test('revokes the tokens of one user only', async () => {
  const { user, token } = await client.createUserAndToken(['chat']);
  const other = await client.createUserAndToken(['chat']);

  await client.revokeTokens(user);

  expect(await acs.isTokenValid(token)).toBe(false);
  expect(await acs.isTokenValid(other.token)).toBe(true);
  expect(acs.requests.count('revokeTokens')).toBe(1);
});

test('deletes a user, whose id then returns IdentityNotFound', async () => {
  const user = await client.createUser();

  await client.deleteUser(user);

  const unknown = { statusCode: 404, code: 'IdentityNotFound', message: "Provided identity doesn't exist." };
  await expect(client.deleteUser(user)).rejects.toMatchObject(unknown);
  await expect(client.getToken(user, ['chat'])).rejects.toMatchObject(unknown);
  await expect(client.revokeTokens(user)).rejects.toMatchObject(unknown);
  expect(acs.identities.has(user.communicationUserId)).toBe(false);
});

test('exchanges a Teams token for a token with the same expiry', async () => {
  const exp = Math.floor(Date.now() / 1000) + 1800;
  const claims = { appid: clientId, oid: userObjectId, tid: tenantId, exp };
  const teamsUserAadToken = new UnsecuredJWT(claims).encode();

  const { token, expiresOn } = await client.getTokenForTeamsUser({
    teamsUserAadToken,
    clientId,
    userObjectId,
  });

  expect(await acs.isTokenValid(token)).toBe(true);
  expect(expiresOn).toEqual(new Date(exp * 1000));
  expect(decodeJwt(token)).toMatchObject({ skypeid: `orgid:${userObjectId}`, tid: tenantId });
  expect(acs.requests.toJSON()).toEqual({ exchangeTeamsToken: 1 });
});

test.each(['appid', 'azp'])('reads the application of a Teams token from %s', async (claim) => {
  const exp = Math.floor(Date.now() / 1000) + 1800;
  const exchange = (application: string) =>
    client.getTokenForTeamsUser({
      teamsUserAadToken: new UnsecuredJWT({ [claim]: application, oid: userObjectId, exp }).encode(),
      clientId,
      userObjectId,
    });

  const { token } = await exchange(clientId);

  expect(decodeJwt(token)).not.toHaveProperty('tid');
  await expect(exchange(userObjectId)).rejects.toMatchObject({ statusCode: 400, code: 'ValidationError' });
});

test.each([
  ['is malformed', 'not-a-token'],
  ['names no application', new UnsecuredJWT({ oid: userObjectId, exp: 9e9 }).encode()],
  ['has expired', new UnsecuredJWT({ appid: clientId, oid: userObjectId, exp: 1 }).encode()],
])('rejects a Teams token that %s', async (_title, teamsUserAadToken) => {
  const exchange = client.getTokenForTeamsUser({ teamsUserAadToken, clientId, userObjectId });

  await expect(exchange).rejects.toMatchObject({
    statusCode: 401,
    code: 'InvalidAccessToken',
    message: 'Provided access token is not valid.',
  });
});

test('rejects a token without scopes', async () => {
  const user = await client.createUser();

  await expect(client.getToken(user, [])).rejects.toMatchObject({
    statusCode: 400,
    code: 'ValidationError',
    message: 'Invalid scopes - Scopes field is required.',
    details: { error: { target: 'scopes' } },
  });
});

test.each([59, 1441])('rejects a token for %d minutes', async (minutes) => {
  const user = await client.createUser();
  const refused = {
    statusCode: 400,
    code: 'ValidationError',
    message: `ExpiresInMinutes value ${minutes} is invalid. Value must be within the [60, 1440] interval.`,
    details: { error: { target: 'ExpiresInMinutes' } },
  };

  const token = client.getToken(user, ['chat'], { tokenExpiresInMinutes: minutes });
  await expect(token).rejects.toMatchObject(refused);

  const created = client.createUserAndToken(['chat'], { tokenExpiresInMinutes: minutes });
  await expect(created).rejects.toMatchObject(refused);
});

test('creates no user when the token request is invalid', async () => {
  const before = acs.identities.count;

  const created = client.createUserAndToken(['chat'], { tokenExpiresInMinutes: 59 });

  await expect(created).rejects.toMatchObject({ code: 'ValidationError' });
  expect(acs.identities.count).toBe(before);
});

test('returns IdentityNotOwned for an identity of another resource', async () => {
  const { id } = (await acs.commands['createForeignIdentity']?.run({})) as { id: string };

  const token = client.getToken({ communicationUserId: id }, ['chat']);

  await expect(token).rejects.toMatchObject({
    statusCode: 401,
    code: 'IdentityNotOwned',
    message: "Provided identity doesn't belong to the resource.",
  });
});

test.each(['primary', 'secondary'] as const)('accepts a key credential with the %s key', async (name) => {
  const credential = new AzureKeyCredential(acs.accessKeys.base64(name));
  const keyed = new CommunicationIdentityClient(acs.url, credential, { allowInsecureConnection: true });

  const { communicationUserId } = await keyed.createUser();

  expect(acs.identities.has(communicationUserId)).toBe(true);
});
