import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Callers } from '../../../shared/callers/caller.ts';
import { oidcCallers } from '../../../shared/callers/oidcCallers.ts';
import { OidcIssuer } from '../../../shared/callers/oidcIssuer.ts';
import { VerifiedTokens } from '../../../shared/callers/verifiedTokens.ts';
import { request } from '../support/request.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'api://tokens';
const MINUTE = 60_000;

describe('a token that was accepted', () => {
  const { signal } = new AbortController();
  let now: number;
  let privateKey: CryptoKey;
  let publishedKeys: unknown[];
  let callers: Callers;
  const signatureChecks = jest.spyOn(crypto.subtle, 'verify');

  beforeEach(async () => {
    now = 0;
    const pair = await generateKeyPair('ES256');
    privateKey = pair.privateKey;
    publishedKeys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }];
    const fetch = (url: string) =>
      Promise.resolve(
        Response.json(
          url.endsWith('/keys') ? { keys: publishedKeys } : { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` },
        ),
      );
    const settings = {
      issuer: ISSUER,
      audience: AUDIENCE,
      adminRole: 'Admin',
      subjectClaim: 'sub',
      requiredScopes: undefined,
      allowedClients: undefined,
    };
    callers = oidcCallers(settings, new OidcIssuer(ISSUER, { fetch, clock: () => now }));
    signatureChecks.mockClear();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function sign(claims: JWTPayload = {}): Promise<string> {
    return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', client_id: 'app', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setExpirationTime(claims.exp ?? '1h')
      .sign(privateKey);
  }

  function identify(token: string) {
    return callers.identify(request({ headers: { authorization: `Bearer ${token}` } }), signal);
  }

  test('is verified once', async () => {
    const token = await sign();

    const first = await identify(token);
    const second = await identify(token);

    expect(first).toMatchObject({ kind: 'user', client: 'app' });
    expect(second).toEqual(first);
    expect(signatureChecks).toHaveBeenCalledTimes(1);
  });

  test('is no proof for a token with another signature', async () => {
    const token = await sign();
    await identify(token);
    const forged = token.slice(0, token.lastIndexOf('.')) + (await sign({ sub: 'mallory' })).slice(-87);

    await expect(identify(forged)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('gives its own caller only', async () => {
    const [alice, bob] = [await sign(), await sign({ sub: 'bob' })];
    await identify(alice);

    expect(await identify(bob)).not.toEqual(await identify(alice));
  });

  test('is rejected when the issuer no longer publishes its key', async () => {
    const token = await sign();
    await identify(token);
    publishedKeys = [];
    now += 21 * MINUTE;

    await expect(identify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('is rejected once it has expired', async () => {
    const token = await sign();
    await identify(token);
    jest.useFakeTimers({ now: Date.now() + 61 * MINUTE, doNotFake: ['nextTick', 'queueMicrotask'] });

    await expect(identify(token)).rejects.toMatchObject({ tokenError: 'The token has expired.' });
  });
});

test('a token is known until it expires', () => {
  let now = 0;
  const tokens = new VerifiedTokens(() => now);
  const verified = entry(1000);
  tokens.add('token', verified);

  now = 999;
  expect(tokens.find('token')).toBe(verified);
  now = 1000;
  expect(tokens.find('token')).toBeUndefined();
});

test('remembers 10,000 tokens, and forgets the earliest ones first', () => {
  const tokens = new VerifiedTokens(() => 0);
  for (let index = 0; index < 10_000; index += 1) tokens.add(`token ${index}`, entry(1000));
  tokens.add('token 0', entry(1000));
  tokens.add('one more', entry(1000));

  expect(tokens.find('token 0')).toBeDefined();
  expect(tokens.find('token 1')).toBeUndefined();
  expect(tokens.find('token 2')).toBeDefined();
});

function entry(expiresAt: number) {
  const keys = { find: () => Promise.reject(new Error('not called')), fetchedAt: 0 };
  return { caller: { kind: 'service' as const }, keys, expiresAt };
}
