import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import type { LocalAzure } from '../../../local/localAzure.ts';
import { type SignIn, startSignIn } from '../../../local/signIn.ts';
import { createApp } from '../../../shared/app.ts';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { startAzureHere } from '../support/azureHere.ts';
import { handlersOf, invoke } from '../support/functions.ts';
import { request } from '../support/request.ts';
import { inMemoryTelemetry } from './inMemory.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const HOST_SPAN_ID = 'b7ad6b7169203331';
const TEAMS_CLIENT_ID = randomUUID();
const OBJECT_ID = randomUUID();

const { telemetry, spans, points, text, reset } = inMemoryTelemetry();
let azure: LocalAzure;
let signIn: SignIn;

beforeAll(async () => {
  azure = await startAzureHere();
  signIn = await startSignIn();
});
beforeEach(async () => {
  azure.acs.faults.clear();
  azure.vault.denyAccess(false);
  await reset();
});
afterAll(async () => {
  await signIn.close();
  await azure.close();
});

/** The service with function keys, or with signed-in callers. */
function start(env: Record<string, string> = {}) {
  const settings = {
    ...azure.env(),
    TELEMETRY: 'azure-monitor',
    APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=not-used',
    CALLER_REQUESTS_PER_MINUTE: '0',
    ...env,
  };
  const handler = handlersOf(createApp(settings, fail, () => Promise.resolve(telemetry)));
  const traceContext = { traceParent: `00-${TRACE_ID}-${HOST_SPAN_ID}-01`, traceState: 'vendor=private' };
  return (name: string, options: Parameters<typeof request>[0] = {}) =>
    invoke(handler(name), request(options), traceContext);
}

function startForUsers() {
  return start({ ...signIn.env(), TEAMS_CLIENT_ID });
}

function fail(line: string): never {
  throw new Error(line);
}

async function bearerOf(user: string): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await signIn.provider.tokenFor(user)}` };
}

/** The spans as `name < name of the parent`. */
function tree(): string[] {
  const names = new Map(spans().map(({ id, name }) => [id, name]));
  names.set(HOST_SPAN_ID, 'the host');
  return spans().map(({ name, parentId = '' }) => `${name} < ${names.get(parentId)}`);
}

describe('spans', () => {
  test('continue the trace of the host, through Key Vault and Communication Services', async () => {
    const call = start();

    const { invocationId } = await call('createUser', { query: '?scope=chat' });

    expect(tree()).toEqual([
      'createUser < the host',
      'GET /secrets/{name} < createUser',
      'POST /identities < createUser',
    ]);
    expect(new Set(spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    expect(spans().map(({ attributes }) => attributes)).toEqual([
      { 'faas.invocation_id': invocationId, 'http.response.status_code': 201 },
      expect.objectContaining({ 'http.request.method': 'GET', 'http.response.status_code': 200 }),
      {
        'http.request.method': 'POST',
        'http.response.status_code': 201,
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(azure.acs.url).port),
        'url.template': '/identities',
      },
    ]);
  });

  test('are one for each request to the user directory', async () => {
    const call = startForUsers();
    const headers = await bearerOf('carol');
    await call('issueToken', { userId: 'me', headers });
    await reset();

    await call('issueToken', { userId: 'me', headers });

    expect(tree()).toEqual([
      'issueToken < the host',
      'GET /{table} < issueToken',
      'POST /identities/{id}/:issueAccessToken < issueToken',
    ]);
  });

  test('are one for each attempt', async () => {
    const call = start();
    azure.acs.faults.arm({ status: 503, operation: 'deleteUser' });

    await call('deleteUser', { method: 'DELETE', userId: azure.acs.identities.create() });

    const attempts = spans().filter(({ name }) => name === 'DELETE /identities/{id}');
    expect(attempts.map(({ attributes, status }) => [attributes['error.type'], status.code])).toEqual([
      ['503', 2],
      [undefined, 0],
    ]);
  });

  test('name the code of an error, and are failed from 500 on', async () => {
    const call = start();
    azure.acs.faults.arm({ drop: true });

    await call('createUser');
    await call('issueToken', { userId: 'me' });

    expect(
      spans()
        .filter(({ attributes }) => 'error.type' in attributes)
        .map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]),
    ).toEqual([
      ['createUser', 'upstream_unavailable', 2],
      ['POST /identities', 'ECONNRESET', 2],
      ['issueToken', 'invalid_request', 0],
    ]);
  });
});

test('passes the trace to Key Vault, Communication Services and the user table, and to nobody else', async () => {
  const call = startForUsers();
  const headers = await bearerOf('dave');
  const sent: { port: number; traceparent: unknown; tracestate: unknown }[] = [];
  const record = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    const port = Number(/:(\d+)$/.exec(String(request.getHeader('host')))?.[1]);
    sent.push({
      port,
      traceparent: request.getHeader('traceparent'),
      tracestate: request.getHeader('tracestate'),
    });
  };
  subscribe('http.client.request.start', record);

  await call('createUser', { headers });

  unsubscribe('http.client.request.start', record);
  const traced = [...new Set(sent.filter(({ traceparent }) => traceparent).map(({ port }) => port))];
  const table = /TableEndpoint=([^;]*)/.exec(signIn.storage.connectionString)?.[1] ?? '';
  expect(traced.sort()).toEqual(
    [azure.vault.url, azure.acs.url, table].map((url) => Number(new URL(url).port)).sort(),
  );
  const ids = spans().map(({ id }) => `00-${TRACE_ID}-${id}-01`);
  expect(ids).toEqual(expect.arrayContaining(sent.flatMap(({ traceparent }) => traceparent ?? [])));
  expect(sent.filter(({ tracestate }) => tracestate !== undefined)).toEqual([]);
});

describe('metrics', () => {
  test('count tokens by their scopes, in one order', async () => {
    const call = start();

    await call('createUser', { query: '?scope=voip,chat' });
    await call('createUser', { query: '?scope=chat,voip' });
    await call('createUser', { query: '?scope=chat' });
    await call('createUser');

    expect(await points('token_service.tokens')).toEqual([
      { attributes: { 'token_service.scopes': 'chat,voip' }, value: 2 },
      { attributes: { 'token_service.scopes': 'chat' }, value: 1 },
    ]);
  });

  test('count refusals by their code', async () => {
    const call = start();
    azure.acs.faults.arm({ status: 429 });

    await call('createUser', { query: '?scope=pstn' });
    await call('issueToken', { userId: 'me' });
    await call('createUser');

    expect(await points('token_service.refusals')).toEqual([
      { attributes: { 'error.type': 'invalid_request' }, value: 2 },
      { attributes: { 'error.type': 'too_many_requests' }, value: 1 },
    ]);
  });

  test('have the durations of upstream requests', async () => {
    const call = start();

    await call('createUser');

    const durations = await points('http.client.request.duration');
    expect(durations).toEqual([
      { attributes: spans()[1]?.attributes, value: expect.objectContaining({ count: 1 }) },
      { attributes: spans()[2]?.attributes, value: expect.objectContaining({ count: 1 }) },
    ]);
  });
});

describe('exports no secret and no name of a user', () => {
  /** Makes Communication Services fail with a text that holds the connection string. */
  const acsFault = (fault: { status: number } | { drop: true }) => () => {
    azure.acs.faults.arm({ message: azure.acs.connectionString(), times: 10, retryAfter: '60', ...fault });
  };
  const failures: [name: string, arm: () => void][] = [
    ['nothing fails', () => undefined],
    ['ACS rejects the request', acsFault({ status: 400 })],
    ['ACS rejects the key', acsFault({ status: 401 })],
    ['ACS throttles', acsFault({ status: 429 })],
    ['ACS fails', acsFault({ status: 503 })],
    ['ACS drops the connection', acsFault({ drop: true })],
    [
      'the vault denies access',
      () => {
        azure.vault.denyAccess(true);
      },
    ],
    [
      'the secret is malformed',
      () => {
        azure.vault.setSecret('acs-connection-string', `${azure.acs.connectionString()}!`);
      },
    ],
  ];
  afterEach(() => {
    azure.vault.setSecret('acs-connection-string', azure.acs.connectionString());
  });

  test.each(failures)('with function keys: %s', async (_name, arm) => {
    const call = start();
    const id = azure.acs.identities.create();
    const headers = { 'x-functions-key': 'secret-function-key' };
    arm();

    await call('createUser', { query: '?scope=chat&code=secret-function-key', headers });
    await call('issueToken', { userId: id, headers });
    await call('revokeTokens', { method: 'DELETE', userId: id, headers });
    await call('deleteUser', { method: 'DELETE', userId: id, headers });
    await call('health', { method: 'GET' });

    expect(spans().filter(({ parentId }) => parentId === HOST_SPAN_ID)).toHaveLength(5);
    await expectNothingPrivate([id, 'secret-function-key']);
  });

  test.each(failures)('with signed-in callers: %s', async (_name, arm) => {
    const call = startForUsers();
    const headers = await bearerWith({ sub: 'private-subject', oid: OBJECT_ID, scope: 'tokens' });
    const service = await bearerWith({ sub: 'private-service', roles: ['TokenService.Admin'] });
    const teamsUserToken = new UnsecuredJWT({
      appid: TEAMS_CLIENT_ID,
      oid: OBJECT_ID,
      exp: inTenMinutes(),
    }).encode();
    arm();

    await call('createUser', { headers: service, query: '?scope=chat', body: '{"subject":"private-name"}' });
    await call('createUser', { headers, query: '?scope=chat' });
    await call('issueToken', { headers, userId: 'me' });
    await call('revokeTokens', { method: 'DELETE', headers, userId: 'me' });
    await call('deleteUser', { method: 'DELETE', headers, userId: 'me' });
    await call('exchangeTeamsToken', { headers, body: JSON.stringify({ teamsUserToken }) });
    await call('issueToken', { headers: { authorization: 'Bearer private-garbage' }, userId: 'me' });

    expect(spans().filter(({ parentId }) => parentId === HOST_SPAN_ID)).toHaveLength(7);
    const hashes = ['private-subject', 'private-service', 'private-name'].map((name) =>
      subjectKey(signIn.provider.issuer, name),
    );
    await expectNothingPrivate([OBJECT_ID, TEAMS_CLIENT_ID, ...hashes]);
  });

  async function expectNothingPrivate(values: string[]): Promise<void> {
    const exported = await text();
    const keys = [azure.acs.accessKeys.base64('primary'), azure.acs.accessKeys.base64('secondary')];
    const { IDENTITY_HEADER } = azure.identity.env();
    // Every token begins with eyJ, and every id of a communication user with 8:acs:.
    for (const value of [...keys, IDENTITY_HEADER, 'accesskey', 'eyJ', '8:acs:', 'private', ...values]) {
      expect(exported).not.toContain(value);
      expect(exported).not.toContain(encodeURIComponent(value));
    }
  }
});

async function bearerWith(claims: Record<string, unknown>): Promise<Record<string, string>> {
  const { issuer: iss, audience: aud } = signIn.provider;
  const token = await signIn.provider.sign({ iss, aud, exp: inTenMinutes(), ...claims });
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
}

function inTenMinutes(): number {
  return Math.floor(Date.now() / 1000) + 600;
}
