import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { AcsIdentity } from '../../../shared/acs/acsIdentity.ts';
import { functionKeyCallers } from '../../../shared/callers/caller.ts';
import { readSettings } from '../../../shared/config.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { endpoint, loggedHandler } from '../../../shared/http/endpoint.ts';
import { ServiceError } from '../../../shared/errors.ts';
import { connectionStringClients } from '../../../shared/acs/identityClients.ts';
import type { Dependencies, App } from '../../../shared/app.ts';
import { noTelemetry } from '../../../shared/telemetry/telemetry.ts';
import { TokenService } from '../../../shared/tokenService.ts';
import { failing, invoke } from '../support/functions.ts';

const SECRET = 'c2VjcmV0IGtleQ';

let acs: AcsEmulator;
let service: App;

beforeAll(async () => {
  acs = await startAcsEmulator();
  service = serviceWith({});
});

afterAll(() => acs.close());

function serviceWith(others: Partial<Dependencies>): App {
  const settings = readSettings({ KEY_VAULT_URI: 'https://name.vault.azure.net/' });
  const readSecret = () => Promise.resolve(acs.connectionString());
  const reader = new ConnectionStringReader(readSecret, { ttlMs: 60_000, timeoutMs: 1000 });
  const dependencies: Dependencies = {
    settings,
    callers: functionKeyCallers,
    rateLimit: () => undefined,
    tokenService: new TokenService(new AcsIdentity(connectionStringClients(reader))),
    checks: {},
    ...others,
  };
  return {
    authLevel: 'function',
    exchangesTeamsTokens: false,
    telemetry: noTelemetry,
    dependencies: () => dependencies,
  };
}

function eventOf(logs: [string, string][]): unknown {
  return JSON.parse(logs[0]?.[1] ?? '');
}

test('passes the caller, the token policy and a signal to the handler, and returns its response', async () => {
  const handler = endpoint(service, 'named', ({ caller, tokenPolicy, signal, addLogFields }) => {
    addLogFields({ communicationUser: 'user', scopes: ['chat'], expiresInMinutes: 60 });
    return Promise.resolve({ status: 202, jsonBody: { caller, tokenPolicy, aborted: signal.aborted } });
  });

  const { status, text, logs } = await invoke(handler);

  expect(status).toBe(202);
  expect(JSON.parse(text)).toEqual({
    caller: { kind: 'service' },
    tokenPolicy: service.dependencies().settings.tokenPolicy,
    aborted: false,
  });
  expect(eventOf(logs)).toMatchObject({
    function: 'named',
    status: 202,
    outcome: 'ok',
    caller: 'service',
    communicationUser: 'user',
    scopes: ['chat'],
    expiresInMinutes: 60,
    upstreamCalls: 0,
  });
});

test('keeps the headers of the handler and overrides those that every response carries', async () => {
  const handler = endpoint(service, 'named', () =>
    Promise.resolve({ status: 201, headers: { Location: '/api/users/1', 'Cache-Control': 'public' } }),
  );

  const { headers } = await invoke(handler);

  expect(headers.get('location')).toBe('/api/users/1');
  expect(headers.get('cache-control')).toBe('no-store');
});

test.each<[string, () => Promise<object>, string]>([
  ['a response', () => Promise.resolve({ status: 200 }), 'public'],
  ['no error', () => Promise.reject(new Error('A bug.')), 'no-store'],
])('lets proxies store %s of a handler with a Cache-Control', async (_title, respond, cacheControl) => {
  const { headers } = await invoke(loggedHandler(service, 'named', respond, 'public'));

  expect(headers.get('cache-control')).toBe(cacheControl);
});

test('logs how many requests went to ACS, retries included', async () => {
  acs.faults.arm({ status: 429, retryAfter: '0' });
  const handler = endpoint(service, 'named', async ({ tokenService, signal }) => ({
    jsonBody: await tokenService.createUser(undefined, undefined, signal),
  }));

  const { status, logs } = await invoke(handler);

  expect(status).toBe(200);
  expect(eventOf(logs)).toMatchObject({ upstreamCalls: 2, outcome: 'ok' });
});

describe('an unexpected exception', () => {
  test.each([
    ['an error', new TypeError(`bug with ${SECRET}`)],
    ['an error with a cause', new Error(SECRET, { cause: new Error(SECRET) })],
    ['a string', SECRET],
    ['undefined', undefined],
    [
      'an error with a hostile name',
      Object.assign(new Error(), { name: `${SECRET} accesskey`, code: `a ${SECRET}` }),
    ],
  ])('is answered with internal, and its text is neither returned nor logged: %s', async (_title, error) => {
    const { status, text, logs, headers } = await invoke(failing(service, error));

    expect(status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', status: 500 });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(logs).toHaveLength(1);
    expect(logs[0]?.[0]).toBe('error');
    expect(eventOf(logs)).toMatchObject({ outcome: 'internal', caller: 'service' });
    expect(text + JSON.stringify(logs)).not.toContain(SECRET);
  });
});

test('logs the kind of an unexpected exception', async () => {
  const { logs } = await invoke(failing(service, new TypeError('bug')));

  expect(eventOf(logs)).toMatchObject({ outcome: 'internal', cause: 'TypeError' });
});

test('does not call the handler when the caller is not authenticated', async () => {
  let handled = false;
  const service = serviceWith({
    callers: {
      ...functionKeyCallers,
      identify: () => Promise.reject(new ServiceError('unauthenticated', 'No token.')),
    },
  });
  const handler = endpoint(service, 'named', () => {
    handled = true;
    return Promise.resolve({});
  });

  const { status, text, logs } = await invoke(handler);

  expect(status).toBe(401);
  expect(JSON.parse(text)).toMatchObject({ code: 'unauthenticated' });
  expect(eventOf(logs)).not.toHaveProperty('caller');
  expect(handled).toBe(false);
});

test('returns 429 with Retry-After and logs the caller when the caller is over the rate limit', async () => {
  const service = serviceWith({
    callers: { ...functionKeyCallers, identify: () => Promise.resolve({ kind: 'user', subject: 'hash' }) },
    rateLimit: () => {
      throw new ServiceError('too_many_requests', 'Over the limit.', { retryAfterSeconds: 9 });
    },
  });
  const handler = endpoint(service, 'named', () => Promise.resolve({ status: 204 }));

  const { status, headers, logs } = await invoke(handler);

  expect(status).toBe(429);
  expect(headers.get('retry-after')).toBe('9');
  expect(logs[0]?.[0]).toBe('warning');
  expect(eventOf(logs)).toMatchObject({ outcome: 'too_many_requests', caller: 'user', subject: 'hash' });
});

test('aborts the signal at the deadline', async () => {
  const { settings } = service.dependencies();
  const withShortDeadline = serviceWith({ settings: { ...settings, deadlineMs: 20 } });
  const handler = endpoint(withShortDeadline, 'named', async ({ signal }) => {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    return { status: 204 };
  });

  const { status } = await invoke(handler);

  expect(status).toBe(204);
});
