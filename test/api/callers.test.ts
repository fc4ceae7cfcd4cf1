import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { startAcsEmulator } from '../../local/acs/acsEmulator.ts';
import { type SignIn, startSignIn } from '../../local/signIn.ts';
import type { Api, ApiResponse } from './api.ts';
import { startInProcess, stopInProcess } from './inProcess.ts';
import { serviceClient } from './serviceClient.ts';

const UNKNOWN_ID = '8:acs:11111111-2222-3333-4444-555555555555_66666666-7777-8888-9999-000000000000';

let signIn: SignIn;
let api: Api;
beforeAll(async () => {
  signIn = await startSignIn();
  api = await startInProcess({ env: { ...signIn.env(), CALLER_REQUESTS_PER_MINUTE: '0' } });
});
beforeEach(() => {
  api.azure.acs.requests.reset();
});
afterAll(async () => {
  await api.stop();
  await stopInProcess();
  await signIn.close();
});

const send = (method: string, path: string, token?: string) =>
  api.send(method, path, token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } });

async function signInAs(name: string): Promise<{ token: string; id: string }> {
  const token = await signIn.provider.tokenFor(name);
  const response = await send('POST', 'users', token);
  return { token, id: (response.body as { user: { communicationUserId: string } }).user.communicationUserId };
}

/** 'ok', or the code of the problem. */
function outcomeOf({ status, body }: ApiResponse): string {
  return status < 300 ? 'ok' : (body as { code: string }).code;
}

const actions: [name: string, method: string, path: (id: string) => string][] = [
  ['issueToken (GET)', 'GET', (id) => `users/${id}/token`],
  ['issueToken (POST)', 'POST', (id) => `users/${id}/token`],
  ['revokeTokens', 'DELETE', (id) => `users/${id}/token`],
  ['deleteUser', 'DELETE', (id) => `users/${id}`],
];

describe('access', () => {
  test.each(actions)('%s rejects a request without a valid token', async (_name, method, path) => {
    const { id } = await signInAs('alice');
    api.azure.acs.requests.reset();

    for (const target of ['me', id, UNKNOWN_ID]) {
      expect(outcomeOf(await send(method, path(target)))).toBe('unauthenticated');
      expect(outcomeOf(await send(method, path(target), 'garbage'))).toBe('unauthenticated');
    }

    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each(actions)('%s lets a user act on its own identity only', async (_name, method, path) => {
    const alice = await signInAs('alice');
    const bob = await signInAs('bob');

    expect(outcomeOf(await send(method, path('me'), alice.token))).toBe('ok');
    const { id } = await signInAs('alice');
    expect(outcomeOf(await send(method, path(id), alice.token))).toBe('ok');
    api.azure.acs.requests.reset();
    const others = await send(method, path(bob.id), alice.token);
    const unknown = await send(method, path(UNKNOWN_ID), alice.token);

    expect(others.status).toBe(403);
    expect({ ...(unknown.body as object), requestId: '' }).toEqual({
      ...(others.body as object),
      requestId: '',
    });
    expect(outcomeOf(others)).toBe('forbidden');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
    expect(api.azure.acs.identities.has(bob.id)).toBe(true);
  });

  test.each(actions)('%s lets a service act on any user by its id', async (_name, method, path) => {
    const { id } = await signInAs('bob');
    const service = await signIn.provider.tokenFor('admin');

    expect(outcomeOf(await send(method, path(id), service))).toBe('ok');
    expect(outcomeOf(await send(method, path('me'), service))).toBe('invalid_request');
    expect(outcomeOf(await send(method, path(UNKNOWN_ID), service))).toBe('user_not_found');
  });

  test('createUser returns the same user to a user, with 201 first and 200 after', async () => {
    const carol = await signIn.provider.tokenFor('carol');

    const first = await send('POST', 'users?scope=chat', carol);
    const second = await send('POST', 'users', carol);
    const third = await send('POST', 'users?scope=voip', carol);

    expect([first.status, second.status, third.status]).toEqual([201, 200, 200]);
    expect(first.body).toMatchObject({
      token: expect.any(String),
      user: (second.body as { user: object }).user,
    });
    expect(third.body).toMatchObject({
      token: expect.any(String),
      user: (second.body as { user: object }).user,
    });
    expect(api.azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1, issueToken: 1 });
  });

  test('createUser returns a new user to a service each time', async () => {
    const service = await signIn.provider.tokenFor('admin');

    const users = [await send('POST', 'users', service), await send('POST', 'users', service)];

    expect(users.map(({ status }) => status)).toEqual([201, 201]);
    expect(users[0]?.body).not.toEqual(users[1]?.body);
  });

  test('createUser lets a service create the user of a subject that signs in later', async () => {
    const service = await signIn.provider.tokenFor('admin');
    const client = serviceClient(api, { Authorization: `Bearer ${service}` });
    const create = () => client.POST('/users', { body: { subject: 'peggy' } });

    const responses = [await create(), await create()];
    const peggy = await signInAs('peggy');

    expect(responses.map(({ response }) => response.status)).toEqual([201, 200]);
    for (const { data } of responses) expect(data).toEqual({ user: { communicationUserId: peggy.id } });
  });

  test('createUser forbids a user to name a subject', async () => {
    const response = await api.send('POST', 'users', {
      headers: {
        Authorization: `Bearer ${await signIn.provider.tokenFor('alice')}`,
        'Content-Type': 'application/json',
      },
      body: '{"subject":"alice"}',
    });

    expect(outcomeOf(response)).toBe('forbidden');
  });

  test('createUser rejects a request without a token with a Bearer challenge', async () => {
    const response = await send('POST', 'users');

    expect(outcomeOf(response)).toBe('unauthenticated');
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('issueToken creates the user on first use with one upstream call', async () => {
    const dave = await signIn.provider.tokenFor('dave');

    const client = serviceClient(api, { Authorization: `Bearer ${dave}` });
    const { response } = await client.GET('/users/{userId}/token', { params: { path: { userId: 'me' } } });

    expect(response.status).toBe(200);
    expect(api.azure.acs.requests.toJSON()).toEqual({ createUserAndToken: 1 });
  });

  test('revokeTokens and deleteUser do nothing for a user that was never created', async () => {
    const erin = await signIn.provider.tokenFor('erin');

    const responses = [await send('DELETE', 'users/me/token', erin), await send('DELETE', 'users/me', erin)];

    expect(responses.map(({ status }) => status)).toEqual([204, 204]);
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('health needs no token', async () => {
    const response = await send('GET', 'health');

    expect(response.body).toEqual({
      status: 'ok',
      checks: { settings: 'ok', connectionString: 'ok', issuer: 'ok', userDirectory: 'ok' },
    });
  });
});

describe('a forged token', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const claims = () => ({
    iss: signIn.provider.issuer,
    aud: signIn.provider.audience,
    sub: 'mallory',
    iat: now(),
    exp: now() + 600,
    roles: ['TokenService.Admin'],
  });
  const signed = (changes: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    signIn.provider.sign({ ...claims(), ...changes }, header);

  async function expectRejected(token: string, description: RegExp): Promise<void> {
    api.azure.acs.requests.reset();

    const response = await send('POST', 'users', token);

    expect(response.status).toBe(401);
    expect(outcomeOf(response)).toBe('unauthenticated');
    expect(response.headers.get('WWW-Authenticate')).toMatch(
      /^Bearer error="invalid_token", error_description="/,
    );
    expect(response.headers.get('WWW-Authenticate')).toMatch(description);
    expect(api.azure.acs.requests.toJSON()).toEqual({});
    expect(JSON.stringify(response.body)).not.toContain('mallory');
  }

  async function issuerKey() {
    const discovery = await fetch(`${signIn.provider.issuer}/.well-known/openid-configuration`);
    const { jwks_uri } = (await discovery.json()) as { jwks_uri: string };
    const { keys } = (await (await fetch(jwks_uri)).json()) as {
      keys: (JWK & { kid: string; alg: string })[];
    };
    const [jwk] = keys;
    if (jwk === undefined) throw new Error('The provider has no key.');
    return jwk;
  }

  test('is accepted when it is not forged: the claims of these tests are valid', async () => {
    const response = await send('POST', 'users', await signed({}));

    expect(response.status).toBe(201);
  });

  test.each<[string, () => Record<string, unknown>, RegExp]>([
    ['another issuer', () => ({ iss: 'https://attacker.example' }), /another issuer/],
    ['another audience', () => ({ aud: 'api://other' }), /another audience/],
    ['no audience', () => ({ aud: undefined }), /another audience/],
    ['an expiry in the past', () => ({ exp: now() - 3600 }), /expired/],
    ['no expiry', () => ({ exp: undefined }), /claim/],
    ['a start in the future', () => ({ nbf: now() + 3600 }), /not valid yet/],
    [
      'an issue time in the far future',
      () => ({ iat: now() + 10 ** 8, exp: now() + 10 ** 9 }),
      /in the future/,
    ],
    ['no subject', () => ({ sub: undefined }), /no sub claim/],
    ['an empty subject', () => ({ sub: '' }), /no sub claim/],
    ['a subject that is not a string', () => ({ sub: ['alice'] }), /claim/],
  ])('is rejected with %s', async (_title, changes, description) => {
    await expectRejected(await signed(changes()), description);
  });

  test('is rejected with alg none', async () => {
    await expectRejected(
      new UnsecuredJWT(claims()).encode(),
      /not a JWT signed with an accepted algorithm|bearer token/,
    );
  });

  test("is rejected when it is signed with HS256 and the issuer's public key", async () => {
    const jwk = await issuerKey();
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const secret = new TextEncoder().encode(pem.toString());
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: jwk.kid }).sign(secret);

    await expectRejected(token, /not a JWT signed with an accepted algorithm/);
  });

  test.each(['the same kid', 'an unknown kid', 'jwk', 'jku', 'x5u'])(
    'is rejected when another key signed it, with %s in the header',
    async (trick) => {
      const { kid, alg } = await issuerKey();
      const own = await generateKeyPair(alg);
      const header = {
        'the same kid': { kid },
        'an unknown kid': { kid: 'unknown' },
        jwk: { kid, jwk: await exportJWK(own.publicKey) },
        jku: { kid, jku: 'https://attacker.example/jwks' },
        x5u: { kid, x5u: 'https://attacker.example/cert' },
      }[trick];
      const token = await new SignJWT(claims()).setProtectedHeader({ alg, ...header }).sign(own.privateKey);

      await expectRejected(token, /signature/);
    },
  );

  test('is rejected when it is an ID token', async () => {
    await expectRejected(await signIn.provider.idTokenFor('alice'), /another audience/);
  });

  test('is rejected when it has 64 KiB', async () => {
    await expectRejected(await signed({ padding: 'x'.repeat(64 * 1024) }), /too long/);
  });

  test('is rejected in the query', async () => {
    const response = await send('POST', `users?access_token=${await signed({})}`);

    expect(response.status).toBe(401);
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('is rejected when the Authorization header has two', async () => {
    const token = await signed({});

    const response = await api.send('POST', 'users', {
      headers: { Authorization: `Bearer ${token}, Bearer ${token}` },
    });

    expect(outcomeOf(response)).toBe('unauthenticated');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each<[string, unknown]>([
    ['in another case', ['tokenservice.admin']],
    ['nested', [['TokenService.Admin']]],
    ['below an object', { TokenService: { Admin: true } }],
    ['as a string', 'TokenService.Admin'],
    ['with a suffix', ['TokenService.Admin2']],
  ])('does not make a service with the role %s', async (_title, roles) => {
    const bob = await signInAs('bob');
    const token = await signed({ roles });
    api.azure.acs.requests.reset();

    const response = await send('GET', `users/${bob.id}/token`, token);

    expect(outcomeOf(response)).toBe('forbidden');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });
});

describe('a user', () => {
  test('gets a new identity after a service deleted it, and the old tokens are invalid', async () => {
    const frank = await signInAs('frank');
    const old = (await send('GET', 'users/me/token', frank.token)).body as { token: string };

    await send('DELETE', `users/${frank.id}`, await signIn.provider.tokenFor('admin'));
    const fresh = (await send('GET', 'users/me/token', frank.token)).body as {
      token: string;
      user: { communicationUserId: string };
    };

    expect(fresh.user.communicationUserId).not.toBe(frank.id);
    expect(await api.azure.acs.isTokenValid(old.token)).toBe(false);
    expect(await api.azure.acs.isTokenValid(fresh.token)).toBe(true);
  });

  test('gets one new identity when ACS no longer has the old one', async () => {
    const grace = await signInAs('grace');
    await api.azure.acs.commands['deleteIdentity']?.run({ id: grace.id });
    api.azure.acs.requests.reset();

    const first = await send('GET', 'users/me/token', grace.token);
    const second = await send('GET', 'users/me/token', grace.token);

    expect(first.status).toBe(200);
    expect((second.body as { user: object }).user).toEqual((first.body as { user: object }).user);
    expect(api.azure.acs.requests.toJSON()).toEqual({ issueToken: 2, createUserAndToken: 1 });
  });

  test('gets its identity back when the secret named another resource for some time', async () => {
    const peggy = await signInAs('peggy');
    const other = await startAcsEmulator();
    const key = other.accessKeys.base64('primary');
    const misled = await startInProcess({
      secret: `endpoint=${other.url}/;accesskey=${key}`,
      env: signIn.env(),
    });

    const during = await misled.send('GET', 'users/me/token', {
      headers: { Authorization: `Bearer ${peggy.token}` },
    });
    const after = await send('GET', 'users/me/token', peggy.token);

    expect(outcomeOf(during)).toBe('misconfigured');
    expect(misled.logs().join()).toContain('another ACS resource');
    expect(after.body).toMatchObject({ user: { communicationUserId: peggy.id } });
    await other.close();
    api.azure.vault.setSecret('acs-connection-string', api.azure.acs.connectionString());
  });

  test.each([
    ['throttles', { status: 429, retryAfter: '0', times: 4 }, 'too_many_requests'],
    ['does not find the address', { status: 404, code: 'ResourceNotFound' }, 'upstream_unavailable'],
    ['responds 404 without a code', { status: 404 }, 'upstream_unavailable'],
    ['says that it is of another resource', { status: 401, code: 'IdentityNotOwned' }, 'misconfigured'],
    ['rejects the request', { status: 400, code: 'IdentityNotFound' }, 'invalid_request'],
    ['rejects the credentials', { status: 403 }, 'upstream_rejected'],
  ])('keeps its identity when ACS %s', async (_title, fault, code) => {
    const olivia = await signInAs('olivia');
    api.azure.acs.faults.arm({ operation: 'issueToken', ...fault });

    const failed = await send('GET', 'users/me/token', olivia.token);
    const later = await send('GET', 'users/me/token', olivia.token);

    expect(outcomeOf(failed)).toBe(code);
    expect(later.body).toMatchObject({ user: { communicationUserId: olivia.id } });
  });

  test('is identified by tid and oid when OIDC_SUBJECT_CLAIM is oid', async () => {
    const entra = await startInProcess({
      env: { ...signIn.env(), OIDC_SUBJECT_CLAIM: 'oid', OIDC_REQUIRED_SCOPE: 'none' },
    });
    const { issuer: iss, audience: aud } = signIn.provider;
    const exp = Math.floor(Date.now() / 1000) + 600;
    const createUserAs = async (claims: object) => {
      const token = await signIn.provider.sign({ iss, aud, exp, ...claims });
      return entra.send('POST', 'users', { headers: { Authorization: `Bearer ${token}` } });
    };

    const first = await createUserAs({ tid: 'tenant 1', oid: 'object' });
    const sameObject = await createUserAs({ tid: 'tenant 1', oid: 'object', sub: 'of another app' });
    const otherTenant = await createUserAs({ tid: 'tenant 2', oid: 'object' });
    const withoutTenant = await createUserAs({ oid: 'object' });

    expect([first.status, sameObject.status, otherTenant.status]).toEqual([201, 200, 201]);
    expect(outcomeOf(withoutTenant)).toBe('unauthenticated');
  });

  /** The one log event of the request. */
  function eventOf(response: ApiResponse): unknown {
    const requestId = response.headers.get('X-Request-Id') ?? '';
    const events = api.logs().filter((line) => line.includes(requestId));
    expect(events).toHaveLength(1);
    return JSON.parse(events[0] ?? '');
  }

  test('appears in the log as a hash of its subject', async () => {
    const heidi = await signInAs('heidi');

    const response = await send('GET', `users/${UNKNOWN_ID}/token`, heidi.token);

    expect(eventOf(response)).toMatchObject({
      function: 'issueToken',
      caller: 'user',
      subject: expect.stringMatching(/^[\w-]{43}$/),
      communicationUser: UNKNOWN_ID,
      outcome: 'forbidden',
    });
    expect(api.logs().join('\n')).not.toContain(heidi.token);
  });

  test('appears in the log with its communication user when it asks for its own token', async () => {
    const heidi = await signInAs('heidi');

    const response = await send('GET', 'users/me/token', heidi.token);

    expect(eventOf(response)).toMatchObject({ function: 'issueToken', communicationUser: heidi.id });
  });

  test('gets 429 with Retry-After over the rate limit, and other callers do not', async () => {
    const limited = await startInProcess({ env: { ...signIn.env(), CALLER_REQUESTS_PER_MINUTE: '2' } });
    const issueTokenTo = async (name: string) =>
      limited.send('GET', 'users/me/token', {
        headers: { Authorization: `Bearer ${await signIn.provider.tokenFor(name)}` },
      });

    const responses = [
      await issueTokenTo('ivan'),
      await issueTokenTo('ivan'),
      await issueTokenTo('ivan'),
      await issueTokenTo('judy'),
      await issueTokenTo('admin'),
    ];

    expect(responses.map(outcomeOf)).toEqual(['ok', 'ok', 'too_many_requests', 'ok', 'invalid_request']);
    const retryAfter = Number(responses[2]?.headers.get('Retry-After'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });
});

describe('the issuer', () => {
  test('may rotate its keys while the service runs', async () => {
    await send('GET', 'users/me/token', await signIn.provider.tokenFor('alice'));
    await signIn.provider.rotateKeys();
    const token = await signIn.provider.tokenFor('alice');

    // The keys are fetched again once the cooldown has passed.
    let response = await send('GET', 'users/me/token', token);
    while (response.status === 401) response = await send('GET', 'users/me/token', token);

    expect(response.status).toBe(200);
  });

  test('makes the service unavailable when it is down, not the token invalid', async () => {
    const token = await signIn.provider.tokenFor('alice');
    await signIn.provider.setDown(true);
    const fresh = await startInProcess({ env: signIn.env() });

    const response = await fresh.send('GET', 'users/me/token', {
      headers: { Authorization: `Bearer ${token}` },
    });
    await signIn.provider.setDown(false);
    const again = () =>
      fresh.send('GET', 'users/me/token', { headers: { Authorization: `Bearer ${token}` } });
    let later = await again();
    while (later.status === 503) later = await again();

    expect(outcomeOf(response)).toBe('upstream_unavailable');
    expect(response.headers.get('Retry-After')).toBe('2');
    expect(later.status).toBe(200);
  });
});
