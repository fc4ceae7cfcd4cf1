import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalAzure } from '../../local/localAzure.ts';
import { registerFunctions } from '../../functions/register.ts';
import { healthCheck } from '../../shared/http/healthChecks.ts';
import { createApp } from '../../shared/app.ts';
import { startAzureHere } from './support/azureHere.ts';
import { handlersOf, invoke, type Outcome } from './support/functions.ts';
import { request } from './support/request.ts';

let azure: LocalAzure;

beforeAll(async () => {
  azure = await startAzureHere();
});

beforeEach(() => {
  azure.acs.faults.clear();
  azure.vault.faults.clear();
  azure.vault.denyAccess(false);
  azure.vault.setSecret('acs-connection-string', azure.acs.connectionString());
  azure.acs.requests.reset();
  azure.vault.requests.reset();
});

afterAll(() => azure.close());

function start(env: Record<string, string> = {}) {
  const errorLines: string[] = [];
  const app = createApp({ ...azure.env(), ...env }, (line) => errorLines.push(line));
  const handler = handlersOf(app);
  const call = (name: string, options: Parameters<typeof request>[0] = {}) =>
    invoke(handler(name), request(options));
  return { app, call, errorLines };
}

test('starts with wrong settings, and logs their names without their values', () => {
  const { app, errorLines } = start({
    KEY_VAULT_URI: 'http://example.net',
    REQUEST_DEADLINE_SECONDS: 'never',
  });

  expect(errorLines).toEqual([
    expect.stringMatching(/^The settings are wrong: KEY_VAULT_URI .*; REQUEST_DEADLINE_SECONDS /),
  ]);
  expect(errorLines[0]).not.toMatch(/example\.net|never/);
  expect(app.authLevel).toBe('function');
});

const oidc = {
  CALLER_AUTH: 'oidc',
  OIDC_ISSUER: 'https://login.example.net',
  OIDC_AUDIENCE: 'api://tokens',
  OIDC_REQUIRED_SCOPE: 'none',
  USER_TABLE_CONNECTION_STRING: 'UseDevelopmentStorage=true',
};

test.each([
  ['function-key', {}, 'function'],
  ['oidc', oidc, 'anonymous'],
])(
  'registers every function but health and openapi with the authLevel of CALLER_AUTH=%s',
  (auth, env, authLevel) => {
    const { app } = start({ CALLER_AUTH: auth, ...env });
    const authLevels: Record<string, string | undefined> = {};

    registerFunctions({ http: (name, options) => (authLevels[name] = options.authLevel) }, app);

    expect(authLevels).toEqual({
      createUser: authLevel,
      issueToken: authLevel,
      revokeTokens: authLevel,
      deleteUser: authLevel,
      health: 'anonymous',
      openapi: 'anonymous',
    });
  },
);

test.each([
  [true, { ...oidc, TEAMS_CLIENT_ID: '5f0a3a3c-6d0e-4f6e-9a68-6b0f1d2c7e11' }],
  [false, oidc],
  [false, {}],
  [true, { KEY_VAULT_URI: 'wrong' }],
])('registers exchangeTeamsToken: %j with the settings %j', (registered, env) => {
  const { app } = start(env);
  const names: string[] = [];

  registerFunctions({ http: (name) => names.push(name) }, app);

  expect(names.includes('exchangeTeamsToken')).toBe(registered);
});

test('answers exchangeTeamsToken with misconfigured when TEAMS_CLIENT_ID is set with function keys', async () => {
  const { call, errorLines } = start({ CALLER_AUTH: 'function-key', TEAMS_CLIENT_ID: randomUUID() });

  const response = await call('exchangeTeamsToken', { body: '{"teamsUserToken":"a.b.c"}' });

  expect(response.status).toBe(500);
  expect(errorLines.join()).toMatch(/TEAMS_CLIENT_ID .*CALLER_AUTH=oidc/);
});

test('reads no vault when ACS_ENDPOINT is set', async () => {
  const { call, app } = start({ ACS_ENDPOINT: azure.acs.secureUrl ?? '' });

  const created = await call('createUser');
  const health = await healthCheck(app)();

  expect(created.status).toBe(201);
  expect(health).toEqual({ status: 'ok', checks: { settings: 'ok', managedIdentity: 'ok' } });
  expect(azure.vault.requests.toJSON()).toEqual({});
  expect(azure.identity.requests.toJSON()).toEqual({ getToken: 1 });
});

test('without a token of the managed identity, health fails when ACS_ENDPOINT is set', async () => {
  const { app } = start({ ACS_ENDPOINT: azure.acs.secureUrl ?? '', AZURE_CLIENT_ID: randomUUID() });

  const health = await healthCheck(app)();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', managedIdentity: 'failed' } });
});

describe('the log event', () => {
  const eventOf = ({ logs }: Outcome) => JSON.parse(logs[0]?.[1] ?? '') as Record<string, unknown>;

  test('is the audit record of what was done to which user', async () => {
    const { call } = start({ TOKEN_DEFAULT_SCOPES: 'voip' });
    const started = performance.now();
    const created = await call('createUser', { body: '{"scopes":["chat"],"expiresInMinutes":90}' });
    const { user } = JSON.parse(created.text) as { user: { communicationUserId: string } };
    const userId = user.communicationUserId;

    const events = [
      created,
      await call('issueToken', { userId }),
      await call('revokeTokens', { method: 'DELETE', userId }),
      await call('deleteUser', { method: 'DELETE', userId }),
    ].map(eventOf);

    const common = { caller: 'service', outcome: 'ok', communicationUser: userId };
    expect(events).toMatchObject([
      { ...common, function: 'createUser', scopes: ['chat'], expiresInMinutes: 90 },
      { ...common, function: 'issueToken', scopes: ['voip'], expiresInMinutes: expect.any(Number) },
      { ...common, function: 'revokeTokens' },
      { ...common, function: 'deleteUser' },
    ]);
    const durationMs = events.reduce((sum, event) => sum + Number(event['durationMs']), 0);
    expect(durationMs).toBeLessThanOrEqual(Math.ceil(performance.now() - started) + events.length);
  });

  test.each([
    ['upstream_unavailable', {}],
    ['misconfigured', { KEY_VAULT_URI: 'wrong' }],
  ])('of a failed health check has the outcome %s', async (outcome, env) => {
    azure.vault.denyAccess(true);
    const { call } = start(env);

    const health = await call('health', { method: 'GET' });

    expect(health.status).toBe(503);
    expect(eventOf(health)).toMatchObject({ function: 'health', outcome });
  });
});

describe('logs one event and shows no secret', () => {
  type Call = ReturnType<typeof start>['call'];
  type Fault = Parameters<LocalAzure['acs']['faults']['arm']>[0];

  const createUserWithToken = (call: Call) => call('createUser', { body: '{"scopes":["chat"]}' });

  /** Makes ACS fail with a text that holds the connection string. */
  const acsFault = (fault: Fault) => () => {
    azure.acs.faults.arm({ message: azure.acs.connectionString(), ...fault });
  };
  const secretIs = (secretOf: () => string) => () => {
    azure.vault.setSecret('acs-connection-string', secretOf());
  };
  const persistent = { times: 10, retryAfter: '60' };

  test.each<[outcome: string, status: number, title: string, cause: () => void]>([
    ['ok', 201, 'nothing fails', () => undefined],
    [
      'invalid_request',
      400,
      'ACS answers 400 with a key as its code',
      () => {
        acsFault({ status: 400, code: azure.acs.accessKeys.base64('primary') })();
      },
    ],
    ['too_many_requests', 429, 'ACS throttles', acsFault({ status: 429, ...persistent })],
    ['too_many_requests', 429, 'ACS throttles without Retry-After', acsFault({ status: 429 })],
    [
      'misconfigured',
      500,
      'the secret is a bare key',
      secretIs(() => azure.acs.accessKeys.base64('primary')),
    ],
    ['misconfigured', 500, 'the secret is malformed', secretIs(() => `${azure.acs.connectionString()}!`)],
    ['upstream_rejected', 502, 'ACS answers 401', acsFault({ status: 401, code: 'Denied', ...persistent })],
    ['upstream_rejected', 502, 'ACS answers 403', acsFault({ status: 403, ...persistent })],
    ['upstream_unavailable', 503, 'ACS answers 503', acsFault({ status: 503, ...persistent })],
    ['upstream_unavailable', 503, 'ACS drops the connection', acsFault({ drop: true })],
    ['upstream_unavailable', 503, 'the response breaks off', acsFault({ halfBody: true })],
    [
      'upstream_unavailable',
      503,
      'the vault denies access',
      () => {
        azure.vault.denyAccess(true);
      },
    ],
    ['upstream_timeout', 504, 'ACS hangs', acsFault({ delayMs: 60_000 })],
  ])('%s, %d: %s', async (code, status, _title, cause) => {
    const { call } = start({ REQUEST_DEADLINE_SECONDS: '1' });
    cause();

    const outcome = await createUserWithToken(call);

    expect(outcome.status).toBe(status);
    expect(outcome.headers.has('retry-after')).toBe([429, 502, 503, 504].includes(status));
    expectOneEvent(outcome, code);
    expectNoSecret(outcome);
  });

  function expectOneEvent({ logs, invocationId, status }: Outcome, code: string): void {
    expect(logs).toHaveLength(1);
    const event = JSON.parse(logs[0]?.[1] ?? '') as Record<string, unknown>;
    expect(event).toMatchObject({ requestId: invocationId, status, outcome: code, caller: 'service' });
    const always = ['event', 'function', 'requestId', 'status', 'outcome', 'durationMs', 'upstreamCalls'];
    const sometimes = ['caller', 'communicationUser', 'scopes', 'expiresInMinutes', 'hint', 'cause'];
    expect(Object.keys(event)).toEqual(expect.arrayContaining(always));
    expect(Object.keys(event).filter((field) => ![...always, ...sometimes].includes(field))).toEqual([]);
  }

  /** Keys, connection strings and the identity header never; a token only in a successful response. */
  function expectNoSecret({ logs, text, status }: Outcome): void {
    const lines = logs.map(([, line]) => line).join('\n');
    const { IDENTITY_HEADER } = azure.identity.env();
    const keys = [azure.acs.accessKeys.base64('primary'), azure.acs.accessKeys.base64('secondary')];
    for (const secret of [...keys.flatMap((key) => [key.slice(0, 12), key.slice(-12)]), IDENTITY_HEADER]) {
      expect(lines + text).not.toContain(secret);
    }
    // Every token begins like this, those of the managed identity included.
    expect(lines).not.toContain('eyJ');
    if (status >= 400) expect(text).not.toContain('eyJ');
  }
});
