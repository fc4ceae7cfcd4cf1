import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { type OidcProvider, startOidcProvider } from '../../../local/oidc/startOidcProvider.ts';
import { rawRequest } from '../functionsHost/rawRequest.ts';

let provider: OidcProvider;
beforeAll(async () => {
  provider = await startOidcProvider({ audience: 'api://test' });
});
afterAll(() => provider.stop());

interface Discovery {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
}

async function discover(): Promise<Discovery> {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  return (await response.json()) as Discovery;
}

async function verify(token: string) {
  const { jwks_uri } = await discover();
  const options = { issuer: provider.issuer, audience: 'api://test' };
  return (await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), options)).payload;
}

test.each([
  ['alice', undefined],
  ['admin', ['TokenService.Admin']],
])('issues access tokens of %s for the API with roles %p', async (username, roles) => {
  const claims = await verify(await provider.tokenFor(username));

  expect(claims.sub).toBe(username);
  expect(claims['roles']).toEqual(roles);
});

test('serves no name of another site that points here through DNS', async () => {
  const { port } = new URL(provider.issuer);

  const { status } = await rawRequest(Number(port), '/sample-token/alice', {
    headers: { Host: 'rebound.example' },
  });

  expect(status).toBe(403);
});

test('says which port is taken', async () => {
  const { port } = new URL(provider.issuer);

  const starting = startOidcProvider({ audience: 'api://test', port: Number(port) });

  await expect(starting).rejects.toThrow(`Is port ${port} in use?`);
});

test('signs many tokens at once', async () => {
  const tokens = await Promise.all(
    Array.from({ length: 50 }, (_, index) => provider.sign({ sub: `user ${index}` })),
  );

  expect(new Set(tokens).size).toBe(50);
});

test('replaces its key when the keys are rotated', async () => {
  const before = await provider.tokenFor('alice');
  await provider.rotateKeys();
  const after = await provider.tokenFor('alice');

  await expect(verify(after)).resolves.toMatchObject({ sub: 'alice' });
  await expect(verify(before)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
});

test('rejects a sample user without a name', async () => {
  await expect(provider.tokenFor('')).rejects.toThrow('404');
});

/** A minimal browser for signing in: keeps cookies, follows redirects and submits forms. */
class Browser {
  readonly #cookies = new Map<string, string>();

  /** Returns the page, or the redirect URI of the app. */
  async open(url: string, form?: Record<string, string>): Promise<{ url: string; page: string }> {
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      body: form === undefined ? null : new URLSearchParams(form),
      headers: { Cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
    }
    const location = response.headers.get('Location');
    if (location === null) return { url, page: await response.text() };
    const target = new URL(location, url).href;
    return target.startsWith(provider.issuer) ? this.open(target) : { url: target, page: '' };
  }
}

const actionOf = (page: string) => /action="([^"]+)"/.exec(page)?.[1] ?? '';

test('signs a user in with the authorization-code flow and PKCE', async () => {
  const { authorization_endpoint, token_endpoint } = await discover();
  const verifier = randomBytes(32).toString('base64url');
  const redirect = 'http://127.0.0.1:53682/callback';
  const query = new URLSearchParams({
    client_id: 'sample-app',
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'openid tokens',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new Browser();

  const login = await browser.open(`${authorization_endpoint}?${query.toString()}`);
  const consent = await browser.open(new URL(actionOf(login.page), login.url).href, {
    prompt: 'login',
    login: 'alice',
    password: 'any',
  });
  const end = await browser.open(new URL(actionOf(consent.page), consent.url).href, { prompt: 'consent' });
  const response = await fetch(token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'sample-app',
      code: new URL(end.url).searchParams.get('code') ?? '',
      redirect_uri: redirect,
      code_verifier: verifier,
    }),
  });

  const tokens = (await response.json()) as { access_token: string; id_token: string };
  expect(await verify(tokens.access_token)).toMatchObject({ sub: 'alice' });
  await expect(verify(tokens.id_token)).rejects.toMatchObject({ claim: 'aud' });
});
