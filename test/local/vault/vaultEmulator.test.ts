import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient, type SecretClientOptions, type SecretProperties } from '@azure/keyvault-secrets';
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
  vault.seen.reset();
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

test('a client reads the current version after one challenge', async () => {
  vault.setSecret(name, 'old');
  const version = vault.setSecret(name, 'new');
  const client = connect();

  const first = await client.getSecret(name);
  await client.getSecret(name);

  expect(first).toMatchObject({ name, value: 'new', properties: { version, enabled: true } });
  expect(first.properties.recoveryLevel).toBe('Recoverable+Purgeable');
  expect(vault.seen.toJSON()).toEqual({ challenge: 1, getSecret: 2 });
});

test('the system-assigned identity reads as well', async () => {
  vault.setSecret(name, 'value');
  const client = new SecretClient(vault.url, new ManagedIdentityCredential(), {
    disableChallengeResourceVerification: true,
  });

  const secret = await client.getSecret(name);

  expect(secret.value).toBe('value');
});

test('the address may end with a slash, as the vault URI in Azure does', async () => {
  vault.setSecret(name, 'value');
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  const client = new SecretClient(`${vault.url}/`, credential, {
    disableChallengeResourceVerification: true,
  });

  const secret = await client.getSecret(name);

  expect(secret.value).toBe('value');
});

test('a client reads an older version by its id', async () => {
  const version = vault.setSecret(name, 'old');
  vault.setSecret(name, 'new');

  const secret = await connect().getSecret(name, { version });

  expect(secret.value).toBe('old');
});

test('a client writes a secret and its properties', async () => {
  const expiresOn = new Date('2030-01-01T00:00:00Z');
  const client = connect();

  const written = await client.setSecret(name, 'value', {
    contentType: 'text/plain',
    tags: { owner: 'test' },
    expiresOn,
  });
  const read = await client.getSecret(name);

  expect(read).toEqual(written);
  expect(read.properties).toMatchObject({ contentType: 'text/plain', tags: { owner: 'test' }, expiresOn });
});

test('a client changes properties of a version without touching the others', async () => {
  const client = connect();
  const written = await client.setSecret(name, 'value', { tags: { owner: 'test' } });

  await client.updateSecretProperties(name, written.properties.version ?? '', { contentType: 'text/plain' });
  const read = await client.getSecret(name);

  expect(read.value).toBe('value');
  expect(read.properties).toMatchObject({
    contentType: 'text/plain',
    tags: { owner: 'test' },
    enabled: true,
  });
});

test('a client lists secrets and versions, never their values', async () => {
  const versions = [vault.setSecret(name, 'one'), vault.setSecret(name, 'two')].sort();
  const client = connect();

  const listed: SecretProperties[] = [];
  for await (const version of client.listPropertiesOfSecretVersions(name)) listed.push(version);
  const secrets: SecretProperties[] = [];
  for await (const secret of client.listPropertiesOfSecrets()) secrets.push(secret);

  expect(listed.map(({ version }) => version)).toEqual(versions);
  expect(secrets.filter((secret) => secret.name === name)).toHaveLength(1);
  expect(JSON.stringify([listed, secrets])).not.toMatch(/"(one|two)"/);
});

test('a disabled secret answers 403 with SecretDisabled', async () => {
  vault.setSecret(name, 'value');
  vault.disableSecret(name);

  const read = connect().getSecret(name);

  await expect(read).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    message: 'Operation get is not allowed on a disabled secret.',
    details: { error: { innerError: { code: 'SecretDisabled' } } },
  });
});

test('a secret that a client disabled and enabled again is readable', async () => {
  const client = connect();
  const { properties } = await client.setSecret(name, 'value');
  await client.updateSecretProperties(name, properties.version ?? '', { enabled: false });
  await expect(client.getSecret(name)).rejects.toMatchObject({ statusCode: 403 });

  await client.updateSecretProperties(name, properties.version ?? '', { enabled: true });

  expect((await client.getSecret(name)).value).toBe('value');
});

test('a missing role assignment answers 403 with ForbiddenByRbac, even for a secret that does not exist', async () => {
  vault.denyAccess(true);

  const read = connect().getSecret(name);

  await expect(read).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    details: { error: { innerError: { code: 'ForbiddenByRbac' } } },
  });
});

test('an unknown secret or version answers 404 with SecretNotFound', async () => {
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

test('a name with an underscore answers 400 with BadParameter', async () => {
  const read = connect().getSecret('not_allowed');

  await expect(read).rejects.toMatchObject({
    statusCode: 400,
    code: 'BadParameter',
    message: 'The request URI contains an invalid name: not_allowed',
  });
});

test('an API version the service does not know answers 400 with BadParameter', async () => {
  const read = connect({ serviceVersion: '2015-06-01' as never }).getSecret(name);

  await expect(read).rejects.toMatchObject({
    statusCode: 400,
    code: 'BadParameter',
    message: expect.stringContaining('The specified version (2015-06-01) is not recognized.'),
  });
});

test('throttling reaches the client as 429 with its Retry-After', async () => {
  vault.setSecret(name, 'value');
  vault.faults.arm({ operation: 'getSecret', status: 429, code: 'Throttled', retryAfter: '7' });

  const read = connect(noRetries).getSecret(name);

  await expect(read).rejects.toMatchObject({ statusCode: 429, code: 'Throttled' });
  const error = (await read.catch((reason: unknown) => reason)) as {
    response: { headers: { get(name: string): string | undefined } };
  };
  expect(error.response.headers.get('retry-after')).toBe('7');
});

test('a client that is throttled once comes back and succeeds', async () => {
  vault.setSecret(name, 'value');
  vault.faults.arm({ operation: 'getSecret', status: 429, code: 'Throttled', retryAfter: '0' });

  const secret = await connect().getSecret(name);

  expect(secret.value).toBe('value');
  expect(vault.seen.count('getSecret')).toBe(2);
});

test('an expired token answers 401 and names where to get one', async () => {
  vault.setSecret(name, 'value');
  const client = connect(noRetries);
  await client.getSecret(name);

  clockOffset = 25 * 60 * 60 * 1000;
  const read = client.getSecret(name);

  await expect(read).rejects.toMatchObject({ statusCode: 401, code: 'Unauthorized' });
});

test('a token for another service answers 401', async () => {
  vault.setSecret(name, 'value');
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  const { token } = await credential.getToken('https://communication.azure.com//.default');

  const answer = await fetch(`${vault.url}/secrets/${name}?api-version=7.6`, {
    headers: { Authorization: `Bearer ${token}` },
  });

  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ error: { code: 'Unauthorized' } });
});

test('a request without a token answers 401 with the challenge', async () => {
  const answer = await fetch(`${vault.url}/secrets/${name}?api-version=7.6`);

  const body: unknown = await answer.json();

  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toMatch(
    /^Bearer authorization="https:\/\/login\.microsoftonline\.com\/[0-9a-f-]{36}", resource="https:\/\/vault\.azure\.net"$/,
  );
  expect(body).toEqual({
    error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
  });
});

test('a client that trusts another authority only gets no connection', async () => {
  vault.setSecret(name, 'value');
  const another = await createCertificates();

  const read = connect({ ...noRetries, tlsOptions: { ca: another.ca } }).getSecret(name);

  await expect(read).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  expect(vault.seen.toJSON()).toEqual({});
});

test('its state counts versions and shows no value', () => {
  vault.setSecret(name, 'hidden');
  vault.setSecret(name, 'hidden', { enabled: false });

  const state = vault.state();

  expect(state['secrets']).toContainEqual({ name, versions: 2, enabled: false });
  expect(JSON.stringify(state)).not.toContain('hidden');
});
