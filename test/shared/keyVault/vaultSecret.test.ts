import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { createCertificates } from '../../../local/certificates.ts';
import type { ServerCertificate } from '../../../local/emulator/listen.ts';
import type { LocalAzure } from '../../../local/localAzure.ts';
import { azureCredential } from '../../../shared/azure/credential.ts';
import type { ServiceError } from '../../../shared/errors.ts';
import { errorFields } from '../../../shared/http/requestLog.ts';
import { type ReadSecret, vaultSecret } from '../../../shared/keyVault/vaultSecret.ts';
import { openDeadline, type OpenDeadline } from '../support/openDeadline.ts';
import { startAzureHere } from '../support/azureHere.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

const NAME = 'some-secret';
/** Too short for a second attempt. */
const SHORT_MS = 150;
/** As long as an access key of ACS. */
const value = randomBytes(64).toString('base64');

let azure: LocalAzure;
/** Of servers that are no vault. */
let certificate: ServerCertificate;
let readSecret: ReadSecret;
let deadline: OpenDeadline;

beforeAll(async () => {
  azure = await startAzureHere();
  readSecret = vaultSecret(new URL(azure.vault.url), NAME, credential());
  const { ca, server } = await createCertificates();
  certificate = server;
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
});

beforeEach(() => {
  azure.vault.faults.clear();
  azure.vault.denyAccess(false);
  azure.vault.setSecret(NAME, value);
  deadline = openDeadline(3000);
});

afterEach(() => {
  deadline.end();
});

afterAll(() => azure.close());

function credential() {
  return azureCredential({ managed: true, clientId: azure.identity.clientId });
}

/** The reads of the secret since the last reset, without the authentication challenge. */
const reads = () => azure.vault.requests.count('getSecret');

function read(): Promise<string> {
  azure.vault.requests.reset();
  return deadline.run(() => readSecret(deadline.signal));
}

async function readError(): Promise<ServiceError> {
  return read().then(
    () => {
      throw new Error('The secret was read.');
    },
    (error: unknown) => error as ServiceError,
  );
}

describe('a secret', () => {
  test('is read in its newest version', async () => {
    azure.vault.setSecret(NAME, 'older');
    azure.vault.setSecret(NAME, 'newest');

    const secret = await read();

    expect(secret).toBe('newest');
    expect(reads()).toBe(1);
  });

  test('that does not exist is misconfigured, and the hint names it', async () => {
    const missing = vaultSecret(new URL(azure.vault.url), 'missing-secret', credential());

    const secret = deadline.run(() => missing(deadline.signal));

    await expect(secret).rejects.toMatchObject({
      code: 'misconfigured',
      operatorHint: 'Key Vault has no secret named missing-secret.',
    });
  });

  test.each([
    ['an HTML page', '<html>Not found</html>'],
    ['another error code', { error: { code: 'ResourceNotFound', message: '' } }],
  ])('is only unavailable when a 404 has %s', async (_title, body) => {
    const vault = await startScriptedServer(certificate);
    vault.script.push(status(404, {}, body));
    const secret = vaultSecret(new URL(vault.url), NAME, credential());

    await expect(deadline.run(() => secret(deadline.signal))).rejects.toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
    });
  });

  test('that is disabled is misconfigured', async () => {
    azure.vault.disableSecret(NAME);

    const error = await readError();

    expect(error).toMatchObject({
      code: 'misconfigured',
      operatorHint: `The Key Vault secret ${NAME} is disabled.`,
    });
    expect(reads()).toBe(1);
  });

  test('that is empty is misconfigured', async () => {
    azure.vault.setSecret(NAME, '');

    const error = await readError();

    expect(error).toMatchObject({
      code: 'misconfigured',
      operatorHint: `The Key Vault secret ${NAME} is empty.`,
    });
  });
});

test.each([
  ['an HTML page', '<html></html>'],
  ['an empty object', '{}'],
  ['null', 'null'],
  ['no body', ''],
  ['a value that is not a string', '{"value":7}'],
  ['more than 1 MiB', JSON.stringify({ value: 'x'.repeat(1024 * 1024) })],
])('a success response with %s is upstream_unavailable', async (_title, body) => {
  const vault = await startScriptedServer(certificate);
  vault.script.push((response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body));
  const secret = vaultSecret(new URL(vault.url), NAME, credential());

  await expect(deadline.run(() => secret(deadline.signal))).rejects.toMatchObject({
    code: 'upstream_unavailable',
    retryAfterSeconds: 5,
  });
});

describe('without access', () => {
  test('fails with upstream_unavailable, because a role assignment takes minutes to apply', async () => {
    azure.vault.denyAccess(true);

    const error = await readError();

    expect(error).toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
      operatorHint: expect.stringContaining('Key Vault Secrets User'),
    });
    expect(reads()).toBe(1);
  });

  test.each([
    ['an HTML page', '<html>Forbidden</html>'],
    ['no body', undefined],
    ['an error of another shape', { error: 'forbidden' }],
  ])('fails with upstream_unavailable when the 403 has %s', async (_title, body) => {
    const vault = await startScriptedServer(certificate);
    vault.script.push(status(403, {}, body));
    const secret = vaultSecret(new URL(vault.url), NAME, credential());

    await expect(secret(deadline.signal)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
    });
    expect(vault.requests.length).toBeGreaterThan(0);
  });

  test('fails with upstream_unavailable when the managed identity does not exist', async () => {
    const unknownIdentity = azureCredential({
      managed: true,
      clientId: '11111111-2222-3333-4444-555555555555',
    });
    const secret = vaultSecret(new URL(azure.vault.url), NAME, unknownIdentity);

    const error = await deadline
      .run(() => secret(deadline.signal))
      .catch((thrown: unknown) => thrown as ServiceError);

    expect(error).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
    expect(errorFields(error as ServiceError).cause).toContain('CredentialUnavailableError');
  });
});

describe('when the vault fails', () => {
  test.each([429, 500, 502, 503, 504])('repeats the read after one %d', async (code) => {
    azure.vault.faults.arm({ operation: 'getSecret', status: code, retryAfter: '0' });

    const secret = await read();

    expect(secret).toBe(value);
    expect(reads()).toBe(2);
  });

  test('fails with upstream_unavailable after four attempts', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 500, times: 10 });

    const error = await readError();

    expect(error).toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
      operatorHint: 'Key Vault is unavailable.',
    });
    expect(reads()).toBe(4);
  });

  test('returns the Retry-After of a 429 when it ends after the deadline', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 429, retryAfter: '60' });

    const error = await readError();

    expect(error).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 60 });
    expect(reads()).toBe(1);
  });

  test('does not repeat the read after a 429 without Retry-After', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 429 });

    const error = await readError();

    expect(error).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
    expect(reads()).toBe(1);
  });

  test.each([
    ['drops the connection', { drop: true }],
    ['drops the response', { drop: true, at: 'response' as const }],
    ['breaks its response off', { halfBody: true }],
  ])('repeats the read after the vault %s once', async (_title, how) => {
    azure.vault.faults.arm({ operation: 'getSecret', ...how });

    const secret = await read();

    expect(secret).toBe(value);
    expect(reads()).toBe(2);
  });

  test('fails with upstream_timeout when the vault hangs', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', delayMs: 60_000 });
    deadline.end();
    deadline = openDeadline(SHORT_MS);

    const error = await readError();

    expect(error).toMatchObject({ code: 'upstream_timeout' });
    expect(reads()).toBe(1);
  });

  test('fails with upstream_unavailable when the connection is refused', async () => {
    const gone = await startScriptedServer(certificate);
    await gone.close();
    deadline.end();
    deadline = openDeadline(SHORT_MS);
    const secret = vaultSecret(new URL(gone.url), NAME, credential());

    const error = await deadline
      .run(() => secret(deadline.signal))
      .catch((thrown: unknown) => thrown as ServiceError);

    expect(error).toMatchObject({
      code: 'upstream_unavailable',
      operatorHint: 'Key Vault is unavailable.',
    });
    expect(errorFields(error as ServiceError).cause).toBe('RestError ECONNREFUSED');
  });
});

test('no error shows any part of the secret or any text of the vault', async () => {
  const say = (code: number) => ({
    operation: 'getSecret',
    status: code,
    message: `text of the vault ${value}`,
    code: value,
  });
  const errors = [];
  for (const code of [400, 401, 403, 404, 409, 429, 501]) {
    azure.vault.faults.clear();
    azure.vault.faults.arm({ ...say(code), retryAfter: '60', times: 4 });
    errors.push(await readError());
  }
  azure.vault.faults.clear();
  azure.vault.faults.arm({ operation: 'getSecret', halfBody: true });
  deadline.end();
  deadline = openDeadline(SHORT_MS);
  errors.push(await readError());

  const shown = errors.map((error) =>
    inspect({ message: error.message, errors: error.errors, ...errorFields(error) }, { depth: null }),
  );

  for (const text of shown) {
    expect(text).not.toContain(value.slice(0, 8));
    expect(text).not.toContain('text of the vault');
  }
});
