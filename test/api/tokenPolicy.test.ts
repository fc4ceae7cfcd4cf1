import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type SignIn, startSignIn } from '../../local/signIn.ts';
import type { Api, ApiResponse } from './api.ts';
import { startInProcess, stopInProcess } from './inProcess.ts';

const GUID = '6f1f9f0e-0d3c-4c0a-9f5e-2a1b3c4d5e6f';
const TENANT = '0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';

let signIn: SignIn;
let api: Api;
beforeAll(async () => {
  signIn = await startSignIn();
  api = await startService({ OIDC_REQUIRED_SCOPE: 'Tokens.Issue', OIDC_ALLOWED_CLIENTS: 'web, phone' });
});
beforeEach(() => {
  api.azure.acs.requests.reset();
});
afterAll(async () => {
  await api.stop();
  await stopInProcess();
  await signIn.close();
});

function startService(env: Record<string, string>): Promise<Api> {
  return startInProcess({ env: { ...signIn.env(), CALLER_REQUESTS_PER_MINUTE: '0', ...env } });
}

async function tokenWith(claims: Record<string, unknown>, header: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1000);
  const { issuer, audience } = signIn.provider;
  return signIn.provider.sign({ iss: issuer, aud: audience, iat: now, exp: now + 600, ...claims }, header);
}

async function call(service: Api, token: string, body?: object): Promise<ApiResponse> {
  return service.send('POST', 'users', {
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function outcomeOf({ status, body }: ApiResponse): string {
  return status < 300 ? 'ok' : (body as { code: string }).code;
}

const user = { sub: 'alice', scp: 'Tokens.Issue', azp: 'web' };
const admin = { sub: 'backend', roles: ['TokenService.Admin'], azp: 'web' };

type Kind = [
  title: string,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  outcome: 'ok' | 'unauthenticated' | 'forbidden',
];

/** Kinds of token, all signed by the issuer for this audience. */
const kinds: Kind[] = [
  ['a user with the scope in scp', user, {}, 'ok'],
  ['a user with the scope among others', { ...user, scp: 'openid Tokens.Issue profile' }, {}, 'ok'],
  ['a user with the scope in an array', { ...user, scp: ['openid', 'Tokens.Issue'] }, {}, 'ok'],
  ['a user with the scope in scope', { ...user, scp: undefined, scope: 'Tokens.Issue' }, {}, 'ok'],
  ['a user without any scope', { ...user, scp: undefined }, {}, 'forbidden'],
  ['a user with an empty scope', { ...user, scp: '' }, {}, 'forbidden'],
  ['a user with another scope', { ...user, scp: 'Mail.Read' }, {}, 'forbidden'],
  ['a user with the scope in another case', { ...user, scp: 'tokens.issue' }, {}, 'forbidden'],
  ['a user with a longer scope', { ...user, scp: 'Tokens.Issue.All' }, {}, 'forbidden'],
  ['a user with the scope in an object', { ...user, scp: { 'Tokens.Issue': true } }, {}, 'forbidden'],
  ['a user of another allowed client', { ...user, azp: 'phone' }, {}, 'ok'],
  ['a user of a client in appid', { ...user, azp: undefined, appid: 'web' }, {}, 'ok'],
  ['a user of a client in client_id', { ...user, azp: undefined, client_id: 'web' }, {}, 'ok'],
  ['a user of another client', { ...user, azp: 'game' }, {}, 'forbidden'],
  ['a user of no client', { ...user, azp: undefined }, {}, 'forbidden'],
  ['a user of two clients', { ...user, appid: 'game' }, {}, 'forbidden'],
  ['an application, by idtyp', { ...user, idtyp: 'app' }, {}, 'forbidden'],
  ['an application, by its subject', { ...user, sub: 'web' }, {}, 'forbidden'],
  ['an application of Auth0', { ...user, gty: 'client-credentials' }, {}, 'forbidden'],
  ['a service without any scope', admin, {}, 'ok'],
  ['a service that is an application', { ...admin, sub: 'web', idtyp: 'app' }, {}, 'ok'],
  ['a service of another client', { ...admin, azp: 'game' }, {}, 'forbidden'],
  ['a service with another role', { ...admin, roles: ['Reader'] }, {}, 'forbidden'],
  ['typ JWT', user, { typ: 'JWT' }, 'ok'],
  ['typ at+jwt', user, { typ: 'at+jwt' }, 'ok'],
  ['typ application/at+jwt', user, { typ: 'application/at+JWT' }, 'ok'],
  ['typ of an ID token hint', user, { typ: 'id+jwt' }, 'unauthenticated'],
  ['typ of a logout token', user, { typ: 'logout+jwt' }, 'unauthenticated'],
  ['typ of a DPoP proof', user, { typ: 'dpop+jwt' }, 'unauthenticated'],
  ['a key binding', { ...user, cnf: { jkt: 'thumbprint' } }, {}, 'unauthenticated'],
  ['a service with a key binding', { ...admin, cnf: { jkt: 'thumbprint' } }, {}, 'unauthenticated'],
];

test.each(kinds)('%s', async (_title, claims, header, outcome) => {
  const response = await call(api, await tokenWith(claims, header));

  expect(outcomeOf(response)).toBe(outcome);
  if (outcome !== 'ok') expect(api.azure.acs.requests.toJSON()).toEqual({});
});

test('tokens need no scope when OIDC_REQUIRED_SCOPE is none, and come from any client by default', async () => {
  const open = await startService({ OIDC_REQUIRED_SCOPE: 'none' });

  const response = await call(open, await tokenWith({ sub: 'alice' }));

  expect(outcomeOf(response)).toBe('ok');
});

test('the log event names the client, also of a token that is rejected later', async () => {
  const response = await call(api, await tokenWith({ ...user, azp: 'phone' }), { scopes: ['pstn'] });

  const requestId = response.headers.get('X-Request-Id') ?? '';
  const event = api.logs().find((line) => line.includes(requestId));
  expect(event).toContain('"client":"phone"');
});

describe('a service that names a subject', () => {
  const created = (response: ApiResponse) =>
    (response.body as { user: { communicationUserId: string } }).user.communicationUserId;

  test('creates the communication user that the subject gets when it signs in', async () => {
    const first = await call(api, await tokenWith(admin), { subject: 'carol' });
    const again = await call(api, await tokenWith(admin), { subject: 'carol', scopes: ['chat'] });
    const own = await call(api, await tokenWith({ ...user, sub: 'carol' }));

    expect([first.status, again.status, own.status]).toEqual([201, 200, 200]);
    expect(again.body).toHaveProperty('token');
    expect(new Set([first, again, own].map(created)).size).toBe(1);
  });

  test('gets the communication user of a subject that has signed in before', async () => {
    const own = await call(api, await tokenWith({ ...user, sub: 'dave' }));
    const named = await call(api, await tokenWith(admin), { subject: 'dave' });

    expect(named.status).toBe(200);
    expect(created(named)).toBe(created(own));
  });

  test('must be a service: a user is forbidden to name one, its own too', async () => {
    const response = await call(api, await tokenWith(user), { subject: 'alice' });

    expect(outcomeOf(response)).toBe('forbidden');
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each<[string, object, string]>([
    ['an empty subject', { subject: '' }, 'subject'],
    ['a subject that is no text', { subject: 1 }, 'subject'],
    ['an endless subject', { subject: 'x'.repeat(2000) }, 'subject'],
    ['a tenant, which sub does not need', { subject: 'alice', tenantId: TENANT }, 'tenantId'],
    ['a tenant alone', { tenantId: TENANT }, 'tenantId'],
  ])('must not send %s', async (_title, body, field) => {
    const response = await call(api, await tokenWith(admin), body);

    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ errors: [{ path: field }] });
    expect(api.azure.acs.requests.toJSON()).toEqual({});
  });

  test('must not send it in the query', async () => {
    const response = await api.send('POST', 'users?subject=alice', {
      headers: { Authorization: `Bearer ${await tokenWith(admin)}` },
    });

    expect(response.body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'subject' }] });
  });

  test('names the tenant too when the subject claim is oid', async () => {
    const entra = await startService({ OIDC_SUBJECT_CLAIM: 'oid', OIDC_REQUIRED_SCOPE: 'none' });
    const backend = await tokenWith({ ...admin, oid: GUID, tid: TENANT });
    const person = await tokenWith({ oid: GUID.replace('6', '7'), tid: TENANT });

    const own = await call(entra, person);
    const named = await call(entra, backend, { subject: GUID.replace('6', '7'), tenantId: TENANT });
    const without = await call(entra, backend, { subject: GUID });
    const upper = await call(entra, backend, { subject: GUID, tenantId: TENANT.toUpperCase() });

    expect(created(named)).toBe(created(own));
    expect([without, upper].map(({ body }) => body)).toMatchObject([
      { code: 'invalid_request', errors: [{ path: 'tenantId' }] },
      { code: 'invalid_request', errors: [{ path: 'tenantId' }] },
    ]);
  });

  test('is rejected where callers use function keys', async () => {
    const keys = await startInProcess();

    const response = await keys.send('POST', 'users', {
      headers: { 'Content-Type': 'application/json' },
      body: '{"subject":"alice"}',
    });

    expect(response.body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'subject' }] });
  });
});

describe('a stranger', () => {
  let fetched: number;
  const realFetch = globalThis.fetch;
  beforeEach(() => {
    fetched = 0;
    globalThis.fetch = (...args) => {
      fetched += 1;
      return realFetch(...args);
    };
  });
  afterAll(() => {
    globalThis.fetch = realFetch;
  });

  test.each<[string, () => Promise<string> | string]>([
    ['no JWT', () => 'token'],
    ['another issuer', () => tokenWith({ ...user, iss: 'https://attacker.example' })],
    ['an ID token hint', () => tokenWith(user, { typ: 'id+jwt' })],
  ])('with %s causes no request to the issuer', async (_title, token) => {
    const bearer = await token();
    const fresh = await startService({ OIDC_REQUIRED_SCOPE: 'none' });
    fetched = 0;

    const response = await call(fresh, bearer);

    expect(response.status).toBe(401);
    expect(fetched).toBe(0);
  });

  test('causes one request to an issuer that is down, however often it comes', async () => {
    const bearer = await tokenWith(user);
    const fresh = await startService({ OIDC_REQUIRED_SCOPE: 'none' });
    await signIn.provider.setDown(true);
    fetched = 0;

    const responses: string[] = [];
    for (let count = 0; count < 200; count += 1) responses.push(outcomeOf(await call(fresh, bearer)));
    await signIn.provider.setDown(false);

    expect(new Set(responses)).toEqual(new Set(['upstream_unavailable']));
    // Two seconds of backoff; a slow machine may get past it.
    expect(fetched).toBeLessThanOrEqual(3);
  });
});
