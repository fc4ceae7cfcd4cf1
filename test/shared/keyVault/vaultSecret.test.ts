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
import { openDeadline, type OpenDeadline } from '../support/deadline.ts';
import { startAzureHere } from '../support/azureHere.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

const NAME = 'some-secret';
/** Leaves no time for a second try. */
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

/** How often the secret was asked for since the last reset; the challenge before it does not count. */
const reads = () => azure.vault.requests.count('getSecret');

function read(): Promise<string> {
  azure.vault.requests.reset();
  return deadline.run(() => readSecret(deadline.signal));
}

async function fault(): Promise<ServiceError> {
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

  test('that does not exist is misconfigured, and named', async () => {
    const missing = vaultSecret(new URL(azure.vault.url), 'missing-secret', credential());

    const secret = deadline.run(() => missing(deadline.signal));

    await expect(secret).rejects.toMatchObject({
      code: 'misconfigured',
      operatorHint: 'Key Vault has no secret named missing-secret.',
    });
  });

  test('that is disabled is misconfigured', async () => {
    azure.vault.disableSecret(NAME);

    const refused = await fault();

    expect(refused).toMatchObject({
      code: 'misconfigured',
      operatorHint: `The Key Vault secret ${NAME} is disabled.`,
    });
    expect(reads()).toBe(1);
  });

  test('that is empty is misconfigured', async () => {
    azure.vault.setSecret(NAME, '');

    const refused = await fault();

    expect(refused).toMatchObject({
      code: 'misconfigured',
      operatorHint: `The Key Vault secret ${NAME} is empty.`,
    });
  });
});

describe('an identity without its role', () => {
  test('is unavailable, since roles take minutes to spread', async () => {
    azure.vault.denyAccess(true);

    const refused = await fault();

    expect(refused).toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
      operatorHint: expect.stringContaining('Key Vault Secrets User'),
    });
    expect(reads()).toBe(1);
  });

  test.each([
    ['a firewall’s page', '<html>Forbidden</html>'],
    ['nothing', undefined],
    ['an error of another shape', { error: 'forbidden' }],
  ])('is unavailable when the vault answers 403 with %s', async (_what, body) => {
    const vault = await startScriptedServer(certificate);
    vault.script.push(status(403, {}, body));
    const secret = vaultSecret(new URL(vault.url), NAME, credential());

    await expect(secret(deadline.signal)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
    });
    expect(vault.requests.length).toBeGreaterThan(0);
  });

  test('that Azure does not know at all is unavailable', async () => {
    const stranger = azureCredential({ managed: true, clientId: '11111111-2222-3333-4444-555555555555' });
    const secret = vaultSecret(new URL(azure.vault.url), NAME, stranger);

    const refused = await deadline
      .run(() => secret(deadline.signal))
      .catch((error: unknown) => error as ServiceError);

    expect(refused).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
    expect(errorFields(refused as ServiceError).cause).toContain('CredentialUnavailableError');
  });
});

describe('a vault that fails', () => {
  test.each([429, 500, 502, 503, 504])('once with %d is asked again', async (code) => {
    azure.vault.faults.arm({ operation: 'getSecret', status: code, retryAfter: '0' });

    const secret = await read();

    expect(secret).toBe(value);
    expect(reads()).toBe(2);
  });

  test('for good is unavailable, after four tries', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 500, times: 10 });

    const refused = await fault();

    expect(refused).toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 5,
      operatorHint: 'Key Vault is unavailable.',
    });
    expect(reads()).toBe(4);
  });

  test('with 429 and more time than is left is unavailable for that long, without another try', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 429, retryAfter: '60' });

    const refused = await fault();

    expect(refused).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 60 });
    expect(reads()).toBe(1);
  });

  test('with 429 and no time is not asked again at once', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', status: 429 });

    const refused = await fault();

    expect(refused).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 5 });
    expect(reads()).toBe(1);
  });

  test.each([
    ['drops the connection', { drop: true }],
    ['drops the answer', { drop: true, at: 'response' as const }],
    ['breaks its answer off', { halfBody: true }],
  ])('once as it %s is asked again', async (_how, how) => {
    azure.vault.faults.arm({ operation: 'getSecret', ...how });

    const secret = await read();

    expect(secret).toBe(value);
    expect(reads()).toBe(2);
  });

  test('to answer is waited for no longer than the deadline', async () => {
    azure.vault.faults.arm({ operation: 'getSecret', delayMs: 60_000 });
    deadline.end();
    deadline = openDeadline(SHORT_MS);

    const refused = await fault();

    expect(refused).toMatchObject({ code: 'upstream_timeout' });
    expect(reads()).toBe(1);
  });

  test('to listen is unavailable', async () => {
    const gone = await startScriptedServer(certificate);
    await gone.close();
    deadline.end();
    deadline = openDeadline(SHORT_MS);
    const secret = vaultSecret(new URL(gone.url), NAME, credential());

    const refused = await deadline
      .run(() => secret(deadline.signal))
      .catch((error: unknown) => error as ServiceError);

    expect(refused).toMatchObject({
      code: 'upstream_unavailable',
      operatorHint: 'Key Vault is unavailable.',
    });
    expect(errorFields(refused as ServiceError).cause).toBe('RestError ECONNREFUSED');
  });
});

test('no fault shows any of the secret, nor what the vault said', async () => {
  const say = (code: number) => ({
    operation: 'getSecret',
    status: code,
    message: `its own words ${value}`,
    code: value,
  });
  const faults = [];
  for (const code of [400, 401, 403, 404, 409, 429, 501]) {
    azure.vault.faults.clear();
    azure.vault.faults.arm({ ...say(code), retryAfter: '60', times: 4 });
    faults.push(await fault());
  }
  azure.vault.faults.clear();
  azure.vault.faults.arm({ operation: 'getSecret', halfBody: true });
  deadline.end();
  deadline = openDeadline(SHORT_MS);
  faults.push(await fault());

  const shown = faults.map((one) =>
    inspect({ message: one.message, errors: one.errors, ...errorFields(one) }, { depth: null }),
  );

  expect(faults).toHaveLength(8);
  for (const text of shown) {
    expect(text).not.toContain(value.slice(0, 8));
    expect(text).not.toContain('own words');
  }
});
