import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';

const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 });

let now: number;
let acs: AcsEmulator;

beforeEach(async () => {
  now = Date.now();
  acs = await startAcsEmulator({ clock: () => now });
});

afterEach(() => acs.close());

test('a token is valid until the requested expiry', async () => {
  const { token } = await connect(acs).createUserAndToken(['chat'], { tokenExpiresInMinutes: 60 });

  now += 59 * 60_000;
  expect(await acs.accessTokens.check(token)).toEqual({ valid: true });

  now += 60_000;
  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'expired' });
});

test('a revocation applies to tokens issued earlier in the same millisecond, and to no later ones', async () => {
  const client = connect(acs);
  const { user, token: before } = await client.createUserAndToken(['chat']);

  await client.revokeTokens(user);
  const { token: after } = await client.getToken(user, ['chat']);

  expect(await acs.accessTokens.check(before)).toEqual({ valid: false, reason: 'revoked' });
  expect(await acs.accessTokens.check(after)).toEqual({ valid: true });
});

test('a revocation with a future time applies to tokens issued until then', async () => {
  const { user, token } = await connect(acs).createUserAndToken(['chat']);
  const issue = async () => {
    const terms = { holder: user.communicationUserId, scopes: ['chat'], expiresAt: now + 3_600_000 };
    return (await acs.accessTokens.issue({ ...terms, accessKey: undefined })).token;
  };

  acs.accessTokens.revokeIssuedUntil(user.communicationUserId, now + 1000);
  const before = await issue();
  now += 1000;
  const after = await issue();

  expect(await acs.isTokenValid(token)).toBe(false);
  expect(await acs.isTokenValid(before)).toBe(false);
  expect(await acs.isTokenValid(after)).toBe(true);
});

test('deleting an identity invalidates its tokens', async () => {
  const client = connect(acs);
  const { user, token } = await client.createUserAndToken(['chat']);

  await client.deleteUser(user);

  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'identity_deleted' });
});

test('the deleteIdentity command deletes an identity without a client request', async () => {
  const client = connect(acs);
  const { user, token } = await client.createUserAndToken(['chat']);

  await acs.commands['deleteIdentity']?.run({ id: user.communicationUserId });

  await expect(client.getToken(user, ['chat'])).rejects.toMatchObject({ code: 'IdentityNotFound' });
  expect(await acs.isTokenValid(token)).toBe(false);
  expect(acs.requests.count('deleteUser')).toBe(0);
});

test('regenerating an access key invalidates the key and the tokens created with it', async () => {
  const primary = connect(acs);
  const { token } = await primary.createUserAndToken(['chat']);

  const result = await acs.commands['regenerateKey']?.run({ key: 'primary' });

  expect(result).toEqual({ connectionString: acs.connectionString('primary') });
  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'access_key_regenerated' });
  await expect(primary.createUser()).rejects.toMatchObject({ statusCode: 401, code: 'Denied' });
  await expect(connect(acs).createUser()).resolves.toHaveProperty('communicationUserId');
});

test('regenerating the other access key keeps a token valid', async () => {
  const { token } = await connect(acs).createUserAndToken(['chat']);

  await acs.commands['regenerateKey']?.run({ key: 'secondary' });

  expect(await acs.accessTokens.check(token)).toEqual({ valid: true });
});

test.each([
  ['is not a JWT', () => Promise.resolve('nonsense')],
  [
    'another issuer signed',
    () => new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(otherKey.privateKey),
  ],
])('checkToken returns not_issued_here for a token that %s', async (_title, token) => {
  const verdict = await acs.commands['checkToken']?.run({ token: await token() });

  expect(verdict).toEqual({ valid: false, reason: 'not_issued_here' });
});

test('the state shows requests, identities and faults, and no key', async () => {
  const { communicationUserId } = await connect(acs).createUser();
  acs.faults.arm({ status: 503 });

  const state = acs.state();

  expect(state).toMatchObject({
    requests: { createUser: 1 },
    identities: { count: 1, ids: [communicationUserId] },
    faults: [{ status: 503, times: 1 }],
  });
  const text = JSON.stringify(state);
  expect(text).not.toContain(acs.accessKeys.base64('primary'));
  expect(text).not.toContain(acs.accessKeys.base64('secondary'));
});
