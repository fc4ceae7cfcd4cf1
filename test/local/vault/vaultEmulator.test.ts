import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';
import { randomUUID } from 'node:crypto';
import tls from 'node:tls';
import { createCertificates } from '../../../local/certificates.ts';
import {
  type ManagedIdentityEmulator,
  startManagedIdentityEmulator,
} from '../../../local/managedIdentity/managedIdentityEmulator.ts';
import { startVaultEmulator, type VaultEmulator } from '../../../local/vault/vaultEmulator.ts';

const originalEnv = { ...process.env };
const originalCertificates = tls.getCACertificates();
const noRetries: SecretClientOptions = { retryOptions: { maxRetries: 0 } };

let identity: ManagedIdentityEmulator;
let vault: VaultEmulator;
let clockOffset = 0;
let name: string;

beforeAll(async () => {
  const certificates = await createCertificates();
  identity = await startManagedIdentityEmulator({ clock: () => Date.now() + clockOffset });
  vault = await startVaultEmulator({
    certificate: certificates.server,
    accepts: (bearer) => identity.accepts(bearer, 'https://vault.azure.net'),
  });
  Object.assign(process.env, identity.env());
  tls.setDefaultCACertificates([...originalCertificates, certificates.ca]);
});

beforeEach(() => {
  name = `secret-${randomUUID()}`;
  clockOffset = 0;
  vault.denyAccess(false);
  vault.faults.clear();
  vault.requests.reset();
});

afterAll(async () => {
  tls.setDefaultCACertificates(originalCertificates);
  process.env = originalEnv;
  await vault.close();
  await identity.close();
});

function connect(options: SecretClientOptions = {}): SecretClient {
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  return new SecretClient(vault.url, credential, { disableChallengeResourceVerification: true, ...options });
}

test('returns the current version after one challenge', async () => {
  vault.setSecret(name, 'old');
  const version = vault.setSecret(name, 'new');
  const client = connect();

  const first = await client.getSecret(name);
  await client.getSecret(name);

  expect(first).toMatchObject({ name, value: 'new', properties: { version, enabled: true } });
  expect(first.properties.recoveryLevel).toBe('Recoverable+Purgeable');
  expect(vault.requests.toJSON()).toEqual({ challenge: 1, getSecret: 2 });
});

test('accepts a vault URI with a trailing slash, as in Azure', async () => {
  vault.setSecret(name, 'value');
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  const client = new SecretClient(`${vault.url}/`, credential, {
    disableChallengeResourceVerification: true,
  });

  const secret = await client.getSecret(name);

  expect(secret.value).toBe('value');
});

test('returns 403 SecretDisabled for a disabled secret until it is enabled', async () => {
  vault.setSecret(name, 'value');
  vault.disableSecret(name);

  const read = connect().getSecret(name);

  await expect(read).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    message: 'Operation get is not allowed on a disabled secret.',
    details: { error: { innerError: { code: 'SecretDisabled' } } },
  });
  vault.enableSecret(name, true);
  expect((await connect().getSecret(name)).value).toBe('value');
});

test('returns 403 ForbiddenByRbac for a missing role assignment, also for an unknown secret', async () => {
  vault.denyAccess(true);

  const read = connect().getSecret(name);

  await expect(read).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    details: { error: { innerError: { code: 'ForbiddenByRbac' } } },
  });
});

test('returns 404 SecretNotFound for an unknown secret or version', async () => {
  const client = connect();
  const unknownName = client.getSecret(name);
  await expect(unknownName).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
  vault.setSecret(name, 'value');

  const unknownVersion = client.getSecret(name, { version: 'f'.repeat(32) });

  await expect(unknownVersion).rejects.toMatchObject({
    statusCode: 404,
    code: 'SecretNotFound',
    message: expect.stringContaining(`A secret with (name/id) ${name}/${'f'.repeat(32)} was not found`),
  });
});

test('injects 429 with Retry-After', async () => {
  vault.setSecret(name, 'value');
  vault.faults.arm({ operation: 'getSecret', status: 429, code: 'Throttled', retryAfter: '7' });

  const read = connect(noRetries).getSecret(name);

  await expect(read).rejects.toMatchObject({ statusCode: 429, code: 'Throttled' });
  const error = (await read.catch((reason: unknown) => reason)) as {
    response: { headers: { get(name: string): string | undefined } };
  };
  expect(error.response.headers.get('retry-after')).toBe('7');
});

test('returns 401 for an expired token', async () => {
  vault.setSecret(name, 'value');
  const client = connect(noRetries);
  await client.getSecret(name);

  clockOffset = 25 * 60 * 60 * 1000;
  const read = client.getSecret(name);

  await expect(read).rejects.toMatchObject({ statusCode: 401, code: 'Unauthorized' });
});

test('returns 401 for a token of another audience', async () => {
  vault.setSecret(name, 'value');
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  const { token } = await credential.getToken('https://communication.azure.com//.default');

  const response = await fetch(`${vault.url}/secrets/${name}?api-version=7.6`, {
    headers: { Authorization: `Bearer ${token}` },
  });

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code: 'Unauthorized' } });
});

test('returns 401 with the challenge for a request without a token', async () => {
  const response = await fetch(`${vault.url}/secrets/${name}?api-version=7.6`);

  const body: unknown = await response.json();

  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toMatch(
    /^Bearer authorization="https:\/\/login\.microsoftonline\.com\/[0-9a-f-]{36}", resource="https:\/\/vault\.azure\.net"$/,
  );
  expect(body).toEqual({
    error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
  });
});

test('returns 501 for an operation that it does not support', async () => {
  const write = connect(noRetries).setSecret(name, 'value');

  await expect(write).rejects.toMatchObject({ statusCode: 501, code: 'NotImplemented' });
});

test('shows the number of versions in its state, and no value', () => {
  vault.setSecret(name, 'hidden');
  vault.setSecret(name, 'hidden', { enabled: false });

  const state = vault.state();

  expect(state['secrets']).toContainEqual({ name, versions: 2, enabled: false });
  expect(JSON.stringify(state)).not.toContain('hidden');
});
