import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { createCertificates } from '../../../local/certificates.ts';
import { type Control, startControl } from '../../../local/control/control.ts';
import {
  type ManagedIdentityEmulator,
  startManagedIdentityEmulator,
} from '../../../local/managedIdentity/managedIdentityEmulator.ts';
import { startVaultEmulator, type VaultEmulator } from '../../../local/vault/vaultEmulator.ts';

const originalEnv = { ...process.env };
const originalCertificates = tls.getCACertificates();

let identity: ManagedIdentityEmulator;
let vault: VaultEmulator;
let acs: AcsEmulator;
let control: Control;

beforeAll(async () => {
  const certificates = await createCertificates();
  identity = await startManagedIdentityEmulator();
  vault = await startVaultEmulator({
    certificate: certificates.server,
    accepts: (bearer) => identity.accepts(bearer, 'https://vault.azure.net'),
  });
  acs = await startAcsEmulator();
  control = await startControl([identity, vault, acs]);
  Object.assign(process.env, identity.env());
  tls.setDefaultCACertificates([...originalCertificates, certificates.ca]);
});

beforeEach(() => {
  vault.faults.clear();
  vault.requests.reset();
});

afterAll(async () => {
  tls.setDefaultCACertificates(originalCertificates);
  process.env = originalEnv;
  await control.close();
  await acs.close();
  await vault.close();
  await identity.close();
});

test.each([
  ['/acs/setTokenLifetime', { seconds: 86_401 }, 'seconds'],
  ['/acs/setTokenLifetime', { seconds: 0 }, 'seconds'],
  ['/acs/setClockOffset', { seconds: 1e15 }, 'seconds'],
  ['/acs/setClockOffset', { seconds: -1e15 }, 'seconds'],
  ['/acs/armFault', { status: 429, retryAfter: '30\r\nX: y' }, 'retryAfter'],
  ['/acs/armFault', {}, 'must have an effect'],
  ['/acs/armFault', { operation: 'issueToken', times: 3 }, 'must have an effect'],
])('%s rejects %j, which would make no sense', async (path, input, reason) => {
  const { status, body } = await send('POST', path, JSON.stringify(input));

  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain(reason);
});

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

async function send(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
  const response = await fetch(`${control.url}${path}`, {
    method,
    ...(body !== undefined && { body, headers: { 'Content-Type': type } }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: answer === '' ? undefined : JSON.parse(answer),
  };
}

function run(path: string, input?: unknown): Promise<Answer> {
  return send('POST', path, input === undefined ? undefined : JSON.stringify(input));
}

/** The status of a GET with headers that `fetch` does not allow. */
async function statusWith(headers: Record<string, string>): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(control.url, { headers }, (response) => {
    text(response).then(() => {
      resolve(response.statusCode);
    }, reject);
  })
    .on('error', reject)
    .end();
  return promise;
}

function connect(): SecretClient {
  return new SecretClient(vault.url, new ManagedIdentityCredential({ clientId: identity.clientId }), {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
}

test('describes every emulator and the input schema of every command', async () => {
  const { status, body } = await send('GET', '/');

  expect(status).toBe(200);
  expect(body).toMatchObject({
    emulators: [
      { name: 'identity', url: identity.url, state: { refused: false } },
      {
        name: 'vault',
        url: vault.url,
        state: { accessDenied: false },
        commands: {
          setSecret: {
            description: expect.any(String),
            input: {
              type: 'object',
              properties: { name: { type: 'string' }, value: { type: 'string' } },
              required: ['name', 'value'],
              additionalProperties: false,
            },
          },
          armFault: {
            input: {
              properties: {
                operation: { type: 'string', enum: ['challenge', 'getSecret'] },
                status: { minimum: 400, maximum: 599 },
              },
            },
          },
        },
      },
      { name: 'acs', url: acs.url },
    ],
  });
});

test('describes one emulator', async () => {
  const { status, body } = await send('GET', '/vault');

  expect(status).toBe(200);
  expect(body).toMatchObject({ name: 'vault', url: vault.url });
});

test('sets a secret that a client then reads', async () => {
  const { status, body } = await run('/vault/setSecret', { name: 'from-control', value: 'value' });

  const secret = await connect().getSecret('from-control');

  expect(status).toBe(200);
  expect(body).toEqual({ version: secret.properties.version });
  expect(secret.value).toBe('value');
});

test('arms a fault that a client gets once', async () => {
  vault.setSecret('throttled', 'value');
  const { status } = await run('/vault/armFault', {
    operation: 'getSecret',
    status: 429,
    code: 'Throttled',
    retryAfter: '7',
  });
  const client = connect();

  const failed = client.getSecret('throttled');

  await expect(failed).rejects.toMatchObject({ statusCode: 429, code: 'Throttled' });
  expect(status).toBe(204);
  expect((await client.getSecret('throttled')).value).toBe('value');
});

test.each([
  [
    'acs',
    ['createUserAndToken', 'createUser', 'issueToken', 'revokeTokens', 'deleteUser', 'exchangeTeamsToken'],
  ],
  ['identity', ['getToken']],
  ['vault', ['challenge', 'getSecret']],
])('rejects a fault of an unknown operation of %s and names the valid ones', async (emulator, operations) => {
  const { status, body } = await run(`/${emulator}/armFault`, { operation: 'getTokens', status: 500 });

  const { body: description } = await send('GET', `/${emulator}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ fields: [{ path: 'operation' }] });
  for (const operation of operations) expect(JSON.stringify(body)).toContain(operation);
  expect(description).toMatchObject({
    state: { faults: [] },
    commands: { armFault: { input: { properties: { operation: { enum: operations } } } } },
  });
});

test('accepts an empty body for a command without input', async () => {
  vault.faults.arm({ status: 500 });

  const { status } = await run('/vault/clearFaults');

  expect(status).toBe(204);
  expect(vault.faults.list()).toEqual([]);
});

test('returns 400 and the fields for invalid input', async () => {
  const { status, body } = await run('/vault/setSecret', { name: 'not_allowed' });

  expect(status).toBe(400);
  expect(body).toMatchObject({ fields: [{ path: 'name' }, { path: 'value' }] });
});

test('returns 400 for a body that is not JSON', async () => {
  const { status, body } = await send('POST', '/vault/setSecret', '{');

  expect(status).toBe(400);
  expect(body).toEqual({ error: 'The body is not valid JSON.' });
});

test('returns 415 for another content type, which an HTML form could send', async () => {
  const { status, body } = await send('POST', '/vault/denyAccess', '{"enabled":true}', 'text/plain');

  expect(status).toBe(415);
  expect(body).toEqual({ error: 'The content type must be application/json.' });
  expect(vault.state()).toMatchObject({ accessDenied: false });
});

test('returns 413 for a body over 64 KiB', async () => {
  const { status, body } = await run('/vault/setSecret', { name: 'long', value: 'x'.repeat(64 * 1024) });

  expect(status).toBe(413);
  expect(body).toEqual({ error: 'The body must have at most 65536 bytes.' });
});

test('returns 409 and the reason when a command fails', async () => {
  const { status, body } = await run('/vault/enableSecret', { name: 'unheard-of', enabled: true });

  expect(status).toBe(409);
  expect(body).toEqual({ error: "Unknown secret 'unheard-of'." });
});

test('returns 404 and the valid names for an unknown emulator', async () => {
  const { status, body } = await send('GET', '/valut');

  expect(status).toBe(404);
  expect(body).toEqual({ error: "Unknown emulator 'valut'.", emulators: ['identity', 'vault', 'acs'] });
});

test('returns 404 and the valid names for an unknown command', async () => {
  const { status, body } = await run('/identity/toString', {});

  expect(status).toBe(404);
  expect(body).toEqual({
    error: "Unknown command 'toString' of emulator 'identity'.",
    commands: ['refuse', 'armFault', 'clearFaults', 'resetCounts'],
  });
});

test('returns 405 and the Allow header for a wrong method', async () => {
  const answers = await Promise.all([
    send('POST', '/'),
    send('DELETE', '/vault'),
    send('GET', '/vault/clearFaults'),
  ]);

  expect(answers.map(({ status, headers }) => [status, headers.get('allow')])).toEqual([
    [405, 'GET'],
    [405, 'GET'],
    [405, 'POST'],
  ]);
});

test('accepts requests from pages on this machine only', async () => {
  const statuses = await Promise.all(
    ['https://example.com', 'null', 'http://localhost.example.com', 'http://localhost:3000'].map((origin) =>
      statusWith({ Origin: origin }),
    ),
  );

  expect(statuses).toEqual([403, 403, 403, 200]);
});

test('accepts loopback Host headers only, against DNS rebinding', async () => {
  const statuses = await Promise.all(
    ['rebound.example.com', '127.0.0.1.example.com', 'localhost:7072', '[::1]:7072'].map((host) =>
      statusWith({ Host: host }),
    ),
  );

  expect(statuses).toEqual([403, 403, 200, 200]);
});
