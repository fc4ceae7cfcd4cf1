import { CommunicationIdentityClient as PreviewClient } from '@azure/communication-administration';
import type { CommunicationIdentityClient } from '@azure/communication-identity';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';

const clientId = 'c2f1a7f0-0b0e-4e3e-9d0c-6f4b1f0a9c11';
const userObjectId = '5f3b4e9a-3d4c-4a0d-8a3f-0f6f6f6c2b22';

let now: number;
let acs: AcsEmulator;
let client: CommunicationIdentityClient;

beforeAll(async () => {
  acs = await startAcsEmulator({ clock: () => now });
  client = connect(acs);
});

beforeEach(() => {
  now = Date.now();
  acs.setTokenLifetime(undefined);
});

afterAll(() => acs.close());

test('shortens the tokens of every operation', async () => {
  acs.setTokenLifetime(90);

  const created = await client.createUserAndToken(['chat']);
  const issued = await client.getToken(created.user, ['chat'], { tokenExpiresInMinutes: 1440 });
  const preview = await new PreviewClient(acs.connectionString()).issueToken(created.user, ['chat']);

  const expiry = new Date(now + 90_000);
  expect([created.expiresOn, issued.expiresOn, preview.expiresOn]).toEqual([expiry, expiry, expiry]);
});

test('lets a token expire after a second', async () => {
  acs.setTokenLifetime(1);
  const { token } = await client.createUserAndToken(['chat']);

  now += 1000;

  expect(await acs.accessTokens.check(token)).toEqual({ valid: false, reason: 'expired' });
});

test('still rejects an invalid expiry', async () => {
  acs.setTokenLifetime(1);

  const created = client.createUserAndToken(['chat'], { tokenExpiresInMinutes: 59 });

  await expect(created).rejects.toMatchObject({ code: 'ValidationError' });
});

test('does not shorten Teams tokens', async () => {
  acs.setTokenLifetime(1);
  const exp = Math.floor(now / 1000) + 1800;
  const teamsUserAadToken = new UnsecuredJWT({ appid: clientId, oid: userObjectId, exp }).encode();

  const { expiresOn } = await client.getTokenForTeamsUser({ teamsUserAadToken, clientId, userObjectId });

  expect(expiresOn).toEqual(new Date(exp * 1000));
});

test.each([{}, { seconds: null }])('the command with %j returns to the requested expiry', async (input) => {
  const command = acs.commands['setTokenLifetime'];
  await command?.run(command.input.parse({ seconds: 1 }));
  expect(acs.state()).toMatchObject({ tokenLifetimeSeconds: 1 });

  await command?.run(command.input.parse(input));
  const { expiresOn } = await client.createUserAndToken(['chat'], { tokenExpiresInMinutes: 60 });

  expect(expiresOn).toEqual(new Date(now + 3_600_000));
  expect(acs.state()).toMatchObject({ tokenLifetimeSeconds: null });
});

test.each([0, -1, 1.5, '60'])('the command rejects a lifetime of %j', (seconds) => {
  const input = acs.commands['setTokenLifetime']?.input.safeParse({ seconds });

  expect(input?.success).toBe(false);
});
