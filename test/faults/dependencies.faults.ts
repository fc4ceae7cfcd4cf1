import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startAcsEmulator } from '../../local/acs/acsEmulator.ts';
import { type Certificates, createCertificates } from '../../local/certificates.ts';
import { listen } from '../../local/emulator/listen.ts';
import { type StorageEmulator, startStorageEmulator } from '../../local/storage/startStorageEmulator.ts';
import type { Api, ApiResponse } from '../api/api.ts';
import { startInProcess, stopInProcess } from '../api/inProcess.ts';
import { body, reset } from './answers.ts';
import { type FaultyServer, startFaultyServer } from './faultyServer.ts';
import { outages } from './outages.ts';

const DEADLINE_SECONDS = 1;
const MAX_DURATION_MS = DEADLINE_SECONDS * 1000 + 250;
const TTL_SECONDS = 1;
const AUDIENCE = 'api://test';

interface Outcome {
  /** 'ok', or the code of the problem. */
  outcome: string;
  retryAfter: string | null;
}

const SECRETS = /accesskey=[\w+/]|Bearer |eyJ/i;

let certificates: Certificates;
let vault: FaultyServer;
beforeAll(async () => {
  certificates = await createCertificates();
  const api = await startInProcess();
  vault = await startFaultyServer(api.azure.vault.url, certificates.server);
});
afterAll(async () => {
  await vault.close();
  await stopInProcess();
});

async function startApi(env: Record<string, string>, secret?: string): Promise<Api> {
  const api = await startInProcess({
    env: { REQUEST_DEADLINE_SECONDS: String(DEADLINE_SECONDS), ...env },
    ...(secret === undefined ? {} : { secret }),
  });
  setDefaultCACertificates([...getCACertificates('bundled'), api.azure.ca, certificates.ca]);
  return api;
}

/** Sends a request, and checks what holds for every response: its duration, and no secret in it or in the log. */
async function send(
  api: Api,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Outcome & { response: ApiResponse }> {
  const started = performance.now();
  const response = await api.send(method, path, { headers });
  expect(performance.now() - started).toBeLessThanOrEqual(MAX_DURATION_MS);
  const log = api.logs().join('\n');
  expect(log).not.toMatch(SECRETS);
  for (const key of ['primary', 'secondary'] as const) {
    expect(log).not.toContain(api.azure.acs.accessKeys.base64(key));
  }
  const outcome = response.status < 300 ? 'ok' : (response.body as { code: string }).code;
  if (outcome !== 'ok') expect(JSON.stringify(response.body)).not.toMatch(SECRETS);
  return { outcome, retryAfter: response.headers.get('retry-after'), response };
}

const userOf = (response: ApiResponse) =>
  (response.body as { user: { communicationUserId: string } }).user.communicationUserId;

describe('Key Vault', () => {
  afterEach(() => {
    vault.fault = undefined;
  });
  const startWithVault = (secret?: string) =>
    startApi({ KEY_VAULT_URI: `${vault.url}/`, ACS_SECRET_TTL_SECONDS: String(TTL_SECONDS) }, secret);

  test.each(outages)('%s at the start, and works again', async (_name, fault) => {
    const api = await startWithVault();
    vault.fault = fault;
    const down = await send(api, 'POST', 'users');
    vault.fault = undefined;
    const up = await send(api, 'POST', 'users');

    expect(down.outcome).toBe('upstream_unavailable');
    expect(Number(down.retryAfter)).toBeGreaterThan(0);
    expect(up.outcome).toBe('ok');
  });

  test.each(outages)('%s when the secret is twice as old as its lifetime', async (_name, fault) => {
    const api = await startWithVault();
    await send(api, 'POST', 'users');
    vault.fault = fault;
    await wait(2100 * TTL_SECONDS);

    const outcomes = [await send(api, 'POST', 'users'), await send(api, 'POST', 'users?scope=chat')];

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  test.each<[string, (api: Api) => void]>([
    [
      'is disabled',
      ({ azure }) => {
        azure.vault.disableSecret('acs-connection-string');
      },
    ],
    ['is empty', ({ azure }) => azure.vault.setSecret('acs-connection-string', '')],
    ['is no connection string', ({ azure }) => azure.vault.setSecret('acs-connection-string', 'hunter2')],
  ])('has a secret that %s, which ends the old one, and works again', async (_name, change) => {
    const api = await startWithVault();
    await send(api, 'POST', 'users');
    change(api);
    await wait(2100 * TTL_SECONDS);
    const wrong = await send(api, 'POST', 'users');
    api.azure.vault.setSecret('acs-connection-string', api.azure.acs.connectionString());
    const right = await send(api, 'POST', 'users');

    expect([wrong.outcome, right.outcome]).toEqual(['misconfigured', 'ok']);
  });

  test('holds the connection string of another resource for a while', async () => {
    const other = await startAcsEmulator();
    const api = await startWithVault();
    const { response } = await send(api, 'POST', 'users');
    const token = `users/${userOf(response)}/token`;
    api.azure.vault.setSecret('acs-connection-string', other.connectionString());
    await wait(2100 * TTL_SECONDS);
    const wrong = await send(api, 'GET', token);
    api.azure.vault.setSecret('acs-connection-string', api.azure.acs.connectionString());
    await wait(2100 * TTL_SECONDS);
    const right = await send(api, 'GET', token);
    await other.close();

    expect([wrong.outcome, right.outcome]).toEqual(['user_not_found', 'ok']);
  });

  test('is slow: the first request waits, and no request after it', async () => {
    const api = await startWithVault();
    vault.delayMs = 200;
    const first = await send(api, 'POST', 'users');
    await wait(1100 * TTL_SECONDS);
    const started = performance.now();
    const later = await send(api, 'POST', 'users');
    const durationMs = performance.now() - started;
    vault.delayMs = 0;

    expect([first.outcome, later.outcome]).toEqual(['ok', 'ok']);
    expect(durationMs).toBeLessThan(200);
  });

  test('restarts under traffic', async () => {
    const api = await startWithVault();
    await send(api, 'POST', 'users');
    const outcomes: string[] = [];
    const end = performance.now() + 5000;
    while (performance.now() < end) {
      vault.fault = Math.floor((end - performance.now()) / 500) % 2 === 0 ? reset : undefined;
      outcomes.push((await send(api, 'POST', 'users')).outcome);
      await wait(20);
    }

    expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
  });
});

describe('with signed-in users', () => {
  let storage: StorageEmulator;
  let table: FaultyServer;
  let issuer: FaultyServer;
  let issuerKeys: { close(): Promise<void> };
  let tokenOf: (subject: string) => Promise<{ Authorization: string }>;
  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'key', alg: 'ES256' }] };
    const documents = await listen((request, response) => {
      const isKeys = request.url === '/keys';
      const metadata = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
      body(200, JSON.stringify(isKeys ? keys : metadata))(response);
    });
    issuerKeys = documents;
    issuer = await startFaultyServer(documents.url);
    tokenOf = async (subject) => {
      const jwt = await new SignJWT({ iss: issuer.url, aud: AUDIENCE, sub: subject })
        .setProtectedHeader({ alg: 'ES256', kid: 'key', typ: 'at+jwt' })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
      return { Authorization: `Bearer ${jwt}` };
    };
    storage = await startStorageEmulator();
    await storage.createTable('users');
    const [, tableUrl = ''] = /TableEndpoint=(http:\/\/[^/]+)/.exec(storage.connectionString) ?? [];
    table = await startFaultyServer(tableUrl);
  });
  afterEach(() => {
    issuer.fault = undefined;
    table.fault = undefined;
  });
  afterAll(async () => {
    await Promise.all([issuer.close(), issuerKeys.close(), table.close()]);
    await storage.stop();
  });

  const startSignedIn = () =>
    startApi({
      CALLER_AUTH: 'oidc',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_REQUIRED_SCOPE: 'none',
      USER_TABLE_CONNECTION_STRING: storage.connectionString.replace(
        /TableEndpoint=http:\/\/[^/]+/,
        `TableEndpoint=${table.url}`,
      ),
      CALLER_REQUESTS_PER_MINUTE: '0',
    });

  /** Sends the request until it succeeds: an instance does not ask a failing issuer again at once. */
  async function recovers(api: Api, headers: Record<string, string>): Promise<ApiResponse> {
    for (;;) {
      const { outcome, response } = await send(api, 'GET', 'users/me/token', headers);
      if (outcome === 'ok') return response;
      await wait(100);
    }
  }

  test.each(outages)('the issuer %s at the start, and works again', async (_name, fault) => {
    const api = await startSignedIn();
    const headers = await tokenOf('alice');
    issuer.fault = fault;
    const down = await send(api, 'GET', 'users/me/token', headers);
    issuer.fault = undefined;

    expect(['upstream_unavailable', 'upstream_timeout']).toContain(down.outcome);
    expect(Number(down.retryAfter)).toBeGreaterThan(0);
    await recovers(api, headers);
  });

  test('a slow issuer and a slow table delay requests, and fail none', async () => {
    const api = await startSignedIn();
    issuer.delayMs = 100;
    table.delayMs = 30;
    const outcomes = [
      await send(api, 'GET', 'users/me/token', await tokenOf('slow')),
      await send(api, 'GET', 'users/me/token', await tokenOf('slow')),
    ];
    issuer.delayMs = 0;
    table.delayMs = 0;

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  test.each(outages)('the issuer %s later', async (_name, fault) => {
    const api = await startSignedIn();
    const headers = await tokenOf('alice');
    await send(api, 'GET', 'users/me/token', headers);
    issuer.fault = fault;

    const known = await send(api, 'GET', 'users/me/token', headers);

    expect(known.outcome).toBe('ok');
  });

  test.each(outages)('the user table %s, and nobody loses an identity', async (_name, fault) => {
    const api = await startSignedIn();
    const known = await tokenOf('alice');
    const before = await recovers(api, known);
    const identities = api.azure.acs.identities.count;
    table.fault = fault;
    const down = [];
    for (const [method, path, headers] of [
      ['GET', 'users/me/token', known],
      ['DELETE', 'users/me/token', known],
      ['DELETE', 'users/me', known],
      ['POST', 'users', known],
      ['POST', 'users', await tokenOf('nobody yet')],
    ] as const) {
      down.push(await send(api, method, path, headers));
    }
    table.fault = undefined;
    const after = await recovers(api, known);

    for (const { outcome, retryAfter } of down) {
      expect(['upstream_unavailable', 'upstream_timeout']).toContain(outcome);
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    expect(userOf(after)).toBe(userOf(before));
    expect(api.azure.acs.identities.count).toBe(identities);
  });
});
