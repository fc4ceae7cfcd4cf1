import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RestError } from '@azure/core-rest-pipeline';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';
import { send } from './signedRequest.ts';

let now: number;
let acs: AcsEmulator;

beforeEach(async () => {
  now = Date.now();
  acs = await startAcsEmulator({ clock: () => now });
});

afterEach(() => acs.close());

test('returns 429 over the limit, with Retry-After until the window ends', async () => {
  const client = connect(acs);
  const { user } = await client.createUserAndToken(['chat']);
  await exhaustRevocations(user.communicationUserId);
  now += 10_000;

  const refused = await client.revokeTokens(user).catch((error: unknown) => error as RestError);

  expect(refused).toMatchObject({ statusCode: 429, code: 'TooManyRequests' });
  expect((refused as RestError).response?.headers.get('retry-after')).toBe('20');
  await expect(client.getToken(user, ['chat'])).resolves.toHaveProperty('token');

  now += 20_000;
  await expect(client.revokeTokens(user)).resolves.toBeUndefined();
});

test('applies no limits when they are turned off', async () => {
  const client = connect(acs);
  const user = await client.createUser();
  await exhaustRevocations(user.communicationUserId);

  await acs.commands['setLimits']?.run({ enabled: false });

  await expect(client.revokeTokens(user)).resolves.toBeUndefined();
});

async function exhaustRevocations(id: string): Promise<void> {
  const target = `/identities/${id}/:revokeAccessTokens?api-version=2023-10-01`;
  const revoke = () => send(acs.url, acs.accessKeys.base64('primary'), { target });
  for (let batch = 0; batch < 10; batch += 1) await Promise.all(Array.from({ length: 50 }, revoke));
}
