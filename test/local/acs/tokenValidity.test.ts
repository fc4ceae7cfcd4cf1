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

test('a token is valid until it expires, to the minute that was asked for', async () => {
  const { token } = await connect(acs).createUserAndToken(['chat'], { tokenExpiresInMinutes: 60 });

  now += 59 * 60_000;
  expect(await acs.accessTokens.check(token)).toEqual({ valid: true });

  now += 60_000;
  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'expired' });
});

test('a revocation strikes what was issued before it within the same millisecond, and nothing after it', async () => {
  const client = connect(acs);
  const { user, token: before } = await client.createUserAndToken(['chat']);

  await client.revokeTokens(user);
  const { token: after } = await client.getToken(user, ['chat']);

  expect(await acs.accessTokens.check(before)).toEqual({ valid: false, reason: 'revoked' });
  expect(await acs.accessTokens.check(after)).toEqual({ valid: true });
});

test('a revocation from a moment to come strikes what is issued until then', async () => {
  const { user, token } = await connect(acs).createUserAndToken(['chat']);
  const issue = async () => {
    const terms = { holder: user.communicationUserId, scopes: ['chat'], expiresAt: now + 3_600_000 };
    return (await acs.accessTokens.issue({ ...terms, accessKey: undefined })).token;
  };

  acs.accessTokens.revokeIssuedUntil(user.communicationUserId, now + 1000);
  const tooEarly = await issue();
  now += 1000;
  const inTime = await issue();

  expect(await acs.isTokenValid(token)).toBe(false);
  expect(await acs.isTokenValid(tooEarly)).toBe(false);
  expect(await acs.isTokenValid(inTime)).toBe(true);
});

test('deleting an identity ends its tokens', async () => {
  const client = connect(acs);
  const { user, token } = await client.createUserAndToken(['chat']);

  await client.deleteUser(user);

  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'identity_deleted' });
});

test('an identity can disappear behind the back of its clients', async () => {
  const client = connect(acs);
  const { user, token } = await client.createUserAndToken(['chat']);

  await acs.commands['deleteIdentity']?.run({ id: user.communicationUserId });

  await expect(client.getToken(user, ['chat'])).rejects.toMatchObject({ code: 'IdentityNotFound' });
  expect(await acs.isTokenValid(token)).toBe(false);
  expect(acs.seen.count('deleteUser')).toBe(0);
});

test('regenerating an access key ends the tokens created with it, and its clients', async () => {
  const primary = connect(acs);
  const { token } = await primary.createUserAndToken(['chat']);

  const answer = await acs.commands['regenerateKey']?.run({ key: 'primary' });

  expect(answer).toEqual({ connectionString: acs.connectionString('primary') });
  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'access_key_regenerated' });
  await expect(primary.createUser()).rejects.toMatchObject({ statusCode: 401, code: 'Denied' });
  await expect(connect(acs).createUser()).resolves.toHaveProperty('communicationUserId');
});

test('regenerating the other access key changes nothing for a token', async () => {
  const { token } = await connect(acs).createUserAndToken(['chat']);

  await acs.commands['regenerateKey']?.run({ key: 'secondary' });

  expect(await acs.accessTokens.check(token)).toEqual({ valid: true });
});

test.each([
  ['is no JWT', () => Promise.resolve('nonsense')],
  [
    'someone else signed',
    () => new SignJWT({}).setProtectedHeader({ alg: 'RS256' }).sign(otherKey.privateKey),
  ],
])('a token that %s was not issued here', async (_title, token) => {
  const verdict = await acs.commands['checkToken']?.run({ token: await token() });

  expect(verdict).toEqual({ valid: false, reason: 'not_issued_here' });
});

test('the state tells what was seen and is alive, and no key', async () => {
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
