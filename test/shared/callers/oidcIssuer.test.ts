import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';
import { OidcIssuer } from '../../../shared/callers/oidcIssuer.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

const ISSUER = 'https://issuer.example';
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = `${ISSUER}/keys`;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { signal } = new AbortController();

let now: number;
/** The URLs fetched so far. */
let fetched: string[];
let keys: unknown[];
let respond: (url: string) => Response | Promise<Response>;
let issuer: OidcIssuer;
let privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
let publicJwk: JWK;

beforeEach(async () => {
  now = 0;
  fetched = [];
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' };
  keys = [publicJwk];
  respond = healthy;
  issuer = issuerAt(ISSUER);
});

afterEach(() => {
  respond = healthy;
});

function issuerAt(url: string): OidcIssuer {
  return new OidcIssuer(url, {
    clock: () => now,
    fetch: (documentUrl) => {
      fetched.push(documentUrl);
      return Promise.resolve(respond(documentUrl));
    },
  });
}

function healthy(url: string): Response {
  return Response.json(url === DISCOVERY ? { issuer: ISSUER, jwks_uri: KEYS } : { keys });
}

const down = () => Promise.reject(new TypeError('fetch failed'));
const hang = () => new Promise<Response>(() => undefined);

async function verify(kid = 'one', alg = 'ES256', key = privateKey): Promise<string> {
  const token = await new SignJWT().setProtectedHeader({ alg, kid }).sign(key);
  return jwtVerify(token, issuer.keyFinder(signal)).then(
    () => 'verified',
    (error: unknown) => (error as { code: string }).code,
  );
}

test('fetches discovery and keys once, however many tokens arrive at once', async () => {
  const results = await Promise.all([verify(), verify(), verify()]);

  expect(results).toEqual(['verified', 'verified', 'verified']);
  expect(fetched).toEqual([DISCOVERY, KEYS]);
});

test('finds the documents of an issuer that ends in a slash', async () => {
  issuer = issuerAt(`${ISSUER}/`);
  respond = (url) =>
    url === DISCOVERY ? Response.json({ issuer: `${ISSUER}/`, jwks_uri: KEYS }) : healthy(url);

  expect(await verify()).toBe('verified');
});

test('fetches the keys again in the background after 10 minutes, and discovery after an hour', async () => {
  await verify();
  now += 11 * MINUTE;
  respond = hang;
  const whileHanging = await verify();

  expect(whileHanging).toBe('verified');
  expect(fetched).toEqual([DISCOVERY, KEYS, KEYS]);
});

test('causes no unhandled rejection when the fetch in the background fails', async () => {
  const unhandled: unknown[] = [];
  const collect = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', collect);
  await verify();
  now += 11 * MINUTE;
  respond = down;

  expect(await verify()).toBe('verified');
  await new Promise(setImmediate);

  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', collect);
});

test.each(['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
  'verifies with a key for %s that names no alg, as those of Entra ID',
  async (alg) => {
    const pair = await generateKeyPair(alg, { extractable: true });
    keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one' }];

    expect(await verify('one', alg, pair.privateKey)).toBe('verified');
  },
);

test('waits for the keys when nothing was verified for more than 20 minutes', async () => {
  await verify();
  now += 2 * HOUR;
  keys = [];

  expect(await verify()).toBe('ERR_JWKS_NO_MATCHING_KEY');
  expect(fetched).toEqual([DISCOVERY, KEYS, DISCOVERY, KEYS]);
});

describe('an unknown key id', () => {
  test('causes a fetch, and finds a key that is new', async () => {
    await verify();
    now += 6000;
    keys = [{ ...publicJwk, kid: 'two' }];

    expect(await verify('two')).toBe('verified');
    expect(fetched).toEqual([DISCOVERY, KEYS, KEYS]);
  });

  test('causes no more than one fetch in 5 seconds', async () => {
    await verify();
    now += 4999;

    const results = await Promise.all(['a', 'b', 'c'].map((kid) => verify(kid)));

    expect(results).toEqual(Array(3).fill('ERR_JWKS_NO_MATCHING_KEY'));
    expect(fetched).toEqual([DISCOVERY, KEYS]);
  });
});

describe('while the issuer is unavailable', () => {
  test('fails with Retry-After, and does not repeat the fetch within a backoff that doubles to a minute', async () => {
    respond = down;
    const fetches: number[] = [];
    for (const waited of [0, 1999, 1, 3999, 1, 7999, 1, 15_999, 1, 31_999, 1, 59_999, 1, 59_999, 1]) {
      now += waited;
      expect(await verify()).toBe('upstream_unavailable');
      fetches.push(fetched.length);
    }

    expect(fetches).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]);
  });

  test('recovers after the backoff', async () => {
    respond = down;
    await verify();
    respond = healthy;
    now += 2000;

    expect(await verify()).toBe('verified');
  });

  test('starts the backoff anew after a recovery', async () => {
    for (const recovered of [0, 1]) {
      now += recovered * 24 * HOUR;
      respond = down;
      await verify();
      respond = healthy;
      now += 2000;

      expect(await verify()).toBe('verified');
    }
  });

  test('verifies with the last known keys for 24 hours, without waiting for it', async () => {
    await verify();
    now += HOUR;
    respond = down;
    const afterFailedFetch = await verify();
    now += 22 * HOUR;
    respond = hang;
    const whileHanging = await verify();

    expect([afterFailedFetch, whileHanging]).toEqual(['verified', 'verified']);
    expect(fetched).toEqual([DISCOVERY, KEYS, DISCOVERY, DISCOVERY]);
  });

  test('rejects tokens when the last known keys are 24 hours old', async () => {
    await verify();
    respond = down;
    now += 24 * HOUR;

    expect(await verify()).toBe('upstream_unavailable');
  });

  test('does not call a token with an unknown key id invalid', async () => {
    await verify();
    now += 6000;
    respond = down;

    expect(await verify('two')).toBe('upstream_unavailable');
  });
});

describe('the documents', () => {
  test.each<[string, (url: string) => Response]>([
    ['status 500', (url) => new Response(healthy(url).body, { status: 500 })],
    ['text', () => new Response('hello')],
    ['null', () => Response.json(null)],
    ['no fields', () => Response.json({})],
    ['keys that are not objects', (url) => (url === KEYS ? Response.json({ keys: [1] }) : healthy(url))],
    [
      'more than 512 KiB',
      () => Response.json({ issuer: ISSUER, jwks_uri: KEYS, padding: 'x'.repeat(512 * 1024) }),
    ],
  ])('make the issuer unavailable with %s', async (_title, response) => {
    respond = response;

    expect(await verify()).toBe('upstream_unavailable');
  });

  test('stop being read after 512 KiB', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 64 * 1024;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    respond = () => new Response(endless);

    expect(await verify()).toBe('upstream_unavailable');
    expect(sent).toBeLessThanOrEqual(640 * 1024);
  });

  test('are not fetched through a redirect', async () => {
    const server = await startScriptedServer();
    server.script.push(
      status(302, { Location: '/moved' }),
      status(200, {}, { issuer: server.url, jwks_uri: `${server.url}/keys` }),
      status(200, {}, { keys }),
    );
    issuer = new OidcIssuer(server.url);

    expect(await verify()).toBe('upstream_unavailable');
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['another issuer', { issuer: `${ISSUER}/`, jwks_uri: KEYS }],
    ['keys over http', { issuer: ISSUER, jwks_uri: 'http://issuer.example/keys' }],
    ['a jwks_uri that is not a URL', { issuer: ISSUER, jwks_uri: 'keys' }],
  ])('are misconfigured with %s', async (_title, document) => {
    respond = () => Response.json(document);

    expect(await verify()).toBe('misconfigured');
  });

  test('reject a token whose key has less than 2048 bits', async () => {
    keys = [{ kty: 'RSA', kid: 'one', n: Buffer.alloc(128, 0xff).toString('base64url'), e: 'AQAB' }];
    const rsa = await generateKeyPair('RS256');

    expect(await verify('one', 'RS256', rsa.privateKey)).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });

  test('may contain keys that cannot verify', async () => {
    keys = [
      { kty: 'RSA', kid: 'one', n: '!', e: '!' },
      { kty: 'unknown', kid: 'one' },
      { kty: 'oct', kid: 'one', k: 'c2VjcmV0' },
      publicJwk,
    ];

    expect(await verify()).toBe('verified');
  });

  test('reject every token when no key can verify', async () => {
    keys = [{ ...publicJwk, x: 'broken' }];

    expect(await verify()).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });
});
