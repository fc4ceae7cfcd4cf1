import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LocalAzure } from '../../local/localAzure.ts';
import { healthCheck } from '../../shared/http/healthChecks.ts';
import { createApp } from '../../shared/app.ts';
import { startAzureHere } from './support/azureHere.ts';
import { handlersOf, invoke, type Outcome } from './support/functions.ts';
import { request } from './support/request.ts';

const userId = `8:acs:${randomUUID()}_${randomUUID()}`;

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
  const reported: string[] = [];
  const service = createApp({ ...azure.env(), ...env }, (line) => reported.push(line));
  const handler = handlersOf(service);
  const call = (name: string, options: Parameters<typeof request>[0] = {}) =>
    invoke(handler(name), request(options));
  return { service, call, reported };
}

function eventOf({ logs }: Outcome): Record<string, unknown> {
  return JSON.parse(logs[0]?.[1] ?? '') as Record<string, unknown>;
}

describe('with settings that are wrong', () => {
  const wrong = { KEY_VAULT_URI: 'http://example.net', REQUEST_DEADLINE_SECONDS: 'never' };

  test('starts, and reports the names of the settings', () => {
    const { reported, service } = start(wrong);

    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatch(/^The settings are wrong: KEY_VAULT_URI .*; REQUEST_DEADLINE_SECONDS /);
    expect(reported[0]).not.toMatch(/example\.net|never/);
    expect(service.authLevel).toBe('function');
  });

  test.each(['createUser', 'issueToken', 'revokeTokens', 'deleteUser'])(
    '%s answers misconfigured, and the log alone says why',
    async (name) => {
      const { call } = start(wrong);

      const outcome = await call(name, { userId });

      expect(outcome.status).toBe(500);
      expect(JSON.parse(outcome.text)).toMatchObject({
        code: 'misconfigured',
        requestId: outcome.invocationId,
      });
      expect(outcome.text).not.toMatch(/KEY_VAULT_URI|example/);
      expect(eventOf(outcome)).toMatchObject({
        outcome: 'misconfigured',
        hint: expect.stringContaining('KEY_VAULT_URI'),
      });
    },
  );

  test('is not healthy', async () => {
    const { call } = start(wrong);

    const outcome = await call('health', { method: 'GET' });

    expect(outcome.status).toBe(503);
    expect(JSON.parse(outcome.text)).toEqual({ status: 'failed', checks: { settings: 'failed' } });
  });
});

describe('health', () => {
  test('is ok when the connection string can be read, which is asked for once', async () => {
    const { service } = start();

    const checked = [await healthCheck(service)(), await healthCheck(service)()];

    const ok = { status: 'ok', checks: { settings: 'ok', connectionString: 'ok' } };
    expect(checked).toEqual([ok, ok]);
    expect(azure.vault.requests.count('getSecret')).toBe(1);
    expect(azure.acs.requests.toJSON()).toEqual({});
  });

  test('fails, and says no more, when it cannot', async () => {
    azure.vault.denyAccess(true);
    const { call } = start();

    const outcome = await call('health', { method: 'GET' });

    expect(outcome.status).toBe(503);
    expect(JSON.parse(outcome.text)).toEqual({
      status: 'failed',
      checks: { settings: 'ok', connectionString: 'failed' },
    });
  });

  test('is answered within the deadline when the vault hangs', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', delayMs: 60_000 });
    const { service } = start({ REQUEST_DEADLINE_SECONDS: '1' });

    const health = await healthCheck(service)();

    expect(health.checks).toEqual({ settings: 'ok', connectionString: 'failed' });
  });
});

test('a service without a connection string asks no vault', async () => {
  const { call, service } = start({ ACS_ENDPOINT: azure.acs.secureUrl ?? '' });

  const created = await call('createUser');
  const health = await healthCheck(service)();

  expect(created.status).toBe(201);
  expect(health).toEqual({ status: 'ok', checks: { settings: 'ok' } });
  expect(azure.vault.requests.toJSON()).toEqual({});
});

describe('whatever the outcome', () => {
  const chat = { body: '{"scopes":["chat"]}' };
  const long = { times: 10, retryAfter: '60' };
  const outcomes: [string, number, (call: ReturnType<typeof start>['call']) => Promise<Outcome>][] = [
    ['ok', 201, (call) => call('createUser', chat)],
    ['ok', 201, (call) => call('createUser')],
    [
      'ok',
      200,
      async (call) => {
        const { communicationUserId } = (JSON.parse((await call('createUser')).text) as CreatedUser).user;
        return call('issueToken', { userId: communicationUserId, ...chat });
      },
    ],
    [
      'ok',
      204,
      (call) => call('deleteUser', { method: 'DELETE', userId: azure.acs.identities.list(1)[0] ?? '' }),
    ],
    ['invalid_request', 400, (call) => call('createUser', { body: '{"scopes":["pstn"]}' })],
    ['invalid_request', 400, (call) => call('issueToken', { userId: 'me' })],
    [
      'invalid_request',
      400,
      (call) => struck(call, { status: 400, code: azure.acs.accessKeys.base64('primary') }),
    ],
    ['user_not_found', 404, (call) => call('issueToken', { userId })],
    ['payload_too_large', 413, (call) => call('createUser', { body: ' '.repeat(16_385) })],
    ['too_many_requests', 429, (call) => struck(call, { status: 429, ...long })],
    ['too_many_requests', 429, (call) => struck(call, { status: 429 })],
    ['misconfigured', 500, (call) => secret(call, azure.acs.accessKeys.base64('primary'))],
    ['misconfigured', 500, (call) => secret(call, `${azure.acs.connectionString()}!`)],
    ['upstream_rejected', 502, (call) => struck(call, { status: 401, code: 'Denied', ...long })],
    ['upstream_rejected', 502, (call) => struck(call, { status: 403, ...long })],
    ['upstream_unavailable', 503, (call) => struck(call, { status: 503, ...long })],
    ['upstream_unavailable', 503, (call) => struck(call, { drop: true })],
    ['upstream_unavailable', 503, (call) => struck(call, { halfBody: true })],
    ['upstream_unavailable', 503, (call) => denied(call)],
    ['upstream_timeout', 504, (call) => struck(call, { delayMs: 60_000 })],
  ];

  test.each(outcomes)(
    '%s, %d: headers, one log event, and no secret anywhere',
    async (code, status, provoke) => {
      const { call } = start({ REQUEST_DEADLINE_SECONDS: '1' });

      const outcome = await provoke(call);

      expect(outcome.status).toBe(status);
      expectCommonHeaders(outcome);
      expect(outcome.headers.has('retry-after')).toBe([429, 503].includes(status));
      expectOneEvent(outcome, code);
      expectNoSecret(outcome);
      if (status >= 400) expectProblem(outcome, code);
    },
  );

  interface CreatedUser {
    user: { communicationUserId: string };
  }

  type Call = ReturnType<typeof start>['call'];

  /** Lets ACS fail, with a text that must not get anywhere. */
  function struck(call: Call, fault: Parameters<LocalAzure['acs']['faults']['arm']>[0]): Promise<Outcome> {
    azure.acs.faults.arm({ message: azure.acs.connectionString(), ...fault });
    return call('createUser', chat);
  }

  function secret(call: Call, value: string): Promise<Outcome> {
    azure.vault.setSecret('acs-connection-string', value);
    return call('createUser', chat);
  }

  function denied(call: Call): Promise<Outcome> {
    azure.vault.denyAccess(true);
    return call('createUser', chat);
  }

  function expectCommonHeaders({ headers, invocationId }: Outcome): void {
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toBe(invocationId);
  }

  function expectOneEvent(outcome: Outcome, code: string): void {
    const event = eventOf(outcome);
    const always = [
      'event',
      'function',
      'requestId',
      'status',
      'outcome',
      'durationMs',
      'upstreamCalls',
      'caller',
    ];
    const sometimes = ['communicationUser', 'scopes', 'expiresInMinutes', 'hint', 'cause'];
    expect(outcome.logs).toHaveLength(1);
    expect(event).toMatchObject({
      event: 'request',
      requestId: outcome.invocationId,
      status: outcome.status,
      outcome: code,
      caller: 'service',
    });
    expect(Object.keys(event)).toEqual(expect.arrayContaining(always));
    expect(Object.keys(event).filter((key) => ![...always, ...sometimes].includes(key))).toEqual([]);
  }

  function expectProblem({ headers, text, status, invocationId }: Outcome, code: string): void {
    const { errors, ...problem } = JSON.parse(text) as { errors?: unknown };
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(problem).toEqual({
      type: `urn:acs-token-service:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
      requestId: invocationId,
    });
    if (errors !== undefined) expect(code).toBe('invalid_request');
  }

  /** Keys, connection strings and identity never; tokens in a successful answer alone, but in no log. */
  function expectNoSecret({ logs, text, status }: Outcome): void {
    const lines = logs.map(([, line]) => line).join('\n');
    const shown = lines + text;
    const { IDENTITY_HEADER } = azure.identity.env();
    const keys = [azure.acs.accessKeys.base64('primary'), azure.acs.accessKeys.base64('secondary')];
    for (const one of [...keys.flatMap((key) => [key.slice(0, 12), key.slice(-12)]), IDENTITY_HEADER]) {
      expect(shown).not.toContain(one);
    }
    // How every token begins, those of the managed identity included.
    expect(lines).not.toContain('eyJ');
    if (status >= 400) expect(text).not.toContain('eyJ');
  }
});
