import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AcsEmulator, startAcsEmulator } from '../../local/acs/acsEmulator.ts';
import type { TokenOptions } from '../../shared/acs/accessToken.ts';
import { AcsIdentity } from '../../shared/acs/acsIdentity.ts';
import { ConnectionStringReader } from '../../shared/keyVault/connectionStringReader.ts';
import type { CommunicationUser } from '../../shared/http/contract.ts';
import { connectionStringClients } from '../../shared/acs/identityClients.ts';
import { TokenService } from '../../shared/tokenService.ts';

const { signal } = new AbortController();
const service = { kind: 'service' } as const;
const options: TokenOptions = { scopes: ['chat', 'voip'], expiresInMinutes: 90 };

let acs: AcsEmulator;
let tokens: TokenService;

beforeAll(async () => {
  acs = await startAcsEmulator();
  const readSecret = () => Promise.resolve(acs.connectionString());
  const reader = new ConnectionStringReader(readSecret, { ttlMs: 60_000, timeoutMs: 1000 });
  tokens = new TokenService(new AcsIdentity(connectionStringClients(reader)));
});

beforeEach(() => {
  acs.requests.reset();
});

afterAll(() => acs.close());

async function createUser(): Promise<CommunicationUser> {
  return (await tokens.createUser(undefined, undefined, signal)).answer.user;
}

/** Whole minutes until then, rounded. */
function minutesUntil(expiresOn: string): number {
  return Math.round((Date.parse(expiresOn) - Date.now()) / 60_000);
}

/** The scopes that ACS wrote into a token. */
function scopesOf(token: string): unknown {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as { acsScope: unknown }).acsScope;
}

test('a user is created without a token when no scopes are asked for', async () => {
  const { isNew, answer: created } = await tokens.createUser(undefined, undefined, signal);

  expect(isNew).toBe(true);
  expect(created).toEqual({ user: { communicationUserId: expect.stringMatching(/^8:acs:/) } });
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
});

test('a user is created with its token by one request when scopes are asked for', async () => {
  const { isNew, answer: created } = await tokens.createUser(undefined, options, signal);

  const { token, expiresOn } = created as { token: string; expiresOn: string };
  expect(isNew).toBe(true);
  expect(Object.keys(created).sort()).toEqual(['expiresOn', 'token', 'user']);
  expect(acs.identities.has(created.user.communicationUserId)).toBe(true);
  expect(scopesOf(token)).toBe('chat,voip');
  expect(minutesUntil(expiresOn)).toBe(90);
  expect(acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
});

test('a token is issued with the scopes and the expiry of the options', async () => {
  const user = await createUser();

  const issued = await tokens.issueToken(service, user.communicationUserId, options, signal);

  expect(issued).toEqual({ token: expect.any(String), expiresOn: expect.any(String), user });
  expect(new Date(issued.expiresOn).toISOString()).toBe(issued.expiresOn);
  expect(scopesOf(issued.token)).toBe('chat,voip');
  expect(minutesUntil(issued.expiresOn)).toBe(90);
});

test('tokens are revoked, and users deleted as often as one likes', async () => {
  const user = await createUser();
  const { token } = await tokens.issueToken(service, user.communicationUserId, options, signal);

  await tokens.revokeTokens(service, user.communicationUserId, signal);
  const valid = await acs.isTokenValid(token);
  await tokens.deleteUser(service, user.communicationUserId, signal);
  await tokens.deleteUser(service, user.communicationUserId, signal);

  expect(valid).toBe(false);
  expect(acs.identities.has(user.communicationUserId)).toBe(false);
});

describe('a service that says me', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['issueToken', () => tokens.issueToken(service, 'me', options, signal)],
    ['revokeTokens', () => tokens.revokeTokens(service, 'me', signal)],
    ['deleteUser', () => tokens.deleteUser(service, 'me', signal)],
  ])('is refused by %s before ACS is asked', async (_name, call) => {
    await expect(call()).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'userId', message: expect.stringContaining('must be an id') }],
    });
    expect(acs.requests.toJSON()).toEqual({});
  });
});
