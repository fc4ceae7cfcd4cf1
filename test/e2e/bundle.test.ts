import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { type LocalService, type LocalServiceOptions, startLocalService } from '../../local/localService.ts';

let folder: string;
let service: LocalService | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-test-'));
});
afterEach(async () => {
  await service?.stop();
  await rm(folder, { recursive: true });
});

/** Serves a copy of the deployed files only: no node_modules, no TypeScript. */
async function serveCopy(options: Partial<LocalServiceOptions> = {}): Promise<LocalService> {
  for (const path of ['host.json', 'openapi.json', 'package.json', 'dist']) {
    await cp(path, join(folder, path), { recursive: true });
  }
  service = await startLocalService({ app: folder, port: 0, ...options });
  return service;
}

async function createUser({ url }: LocalService): Promise<string> {
  const response = await fetch(`${url}/api/users`, { method: 'POST' });
  return ((await response.json()) as { user: { communicationUserId: string } }).user.communicationUserId;
}

async function fetchToken({ url }: LocalService, userId: string): Promise<string> {
  const response = await fetch(`${url}/api/users/${userId}/token`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

test('issues a token from a folder without node_modules and TypeScript', async () => {
  const copy = await serveCopy();

  const token = await fetchToken(copy, await createUser(copy));

  expect(await copy.azure.acs.isTokenValid(token)).toBe(true);
  expect((await readdir(folder)).sort()).toEqual(['dist', 'host.json', 'openapi.json', 'package.json']);
});

test('sends 1000 ACS requests and at most one vault read for 1000 tokens', async () => {
  const copy = await serveCopy();
  const userId = await createUser(copy);
  copy.azure.acs.requests.reset();

  for (let batch = 0; batch < 50; batch += 1) {
    await Promise.all(Array.from({ length: 20 }, () => fetchToken(copy, userId)));
  }

  expect(copy.azure.acs.requests.toJSON()).toEqual({ issueToken: 1000 });
  expect(copy.azure.vault.requests.count('getSecret')).toBeLessThanOrEqual(1);
});

test('reads the vault once for 50 concurrent first requests', async () => {
  const copy = await serveCopy();

  await Promise.all(Array.from({ length: 50 }, () => createUser(copy)));

  expect(copy.azure.acs.identities.count).toBe(50);
  expect(copy.azure.vault.requests.count('getSecret')).toBe(1);
  expect(copy.azure.identity.requests.count('getToken')).toBe(1);
});

describe('before the first request', () => {
  async function untilSecretIsRead({ azure }: LocalService): Promise<void> {
    while (azure.vault.requests.count('getSecret') === 0) await new Promise((next) => setTimeout(next, 10));
  }

  test('reads the secret', async () => {
    const copy = await serveCopy();

    await untilSecretIsRead(copy);

    await createUser(copy);
    expect(copy.azure.vault.requests.count('getSecret')).toBe(1);
  });

  test('may fail to read the secret, and reads it again for the request', async () => {
    const copy = await serveCopy({
      settings: (azure) => {
        azure.vault.denyAccess(true);
        return {};
      },
    });
    await untilSecretIsRead(copy);
    copy.azure.vault.denyAccess(false);

    let response: Response;
    // A request that arrives before the first read has failed shares its failure.
    do response = await fetch(`${copy.url}/api/users`, { method: 'POST' });
    while (response.status === 503);

    expect(response.status).toBe(201);
  });
});

test('uses the managed identity for ACS when ACS_ENDPOINT is set', async () => {
  const copy = await serveCopy({ settings: ({ acs }) => ({ ACS_ENDPOINT: acs.secureUrl ?? '' }) });

  const token = await fetchToken(copy, await createUser(copy));

  expect(await copy.azure.acs.isTokenValid(token)).toBe(true);
  expect(copy.azure.vault.requests.toJSON()).toEqual({});
});

test('issues tokens that the credential of the client SDK accepts', async () => {
  const copy = await serveCopy();
  const userId = await createUser(copy);
  const credential = new AzureCommunicationTokenCredential({
    tokenRefresher: () => fetchToken(copy, userId),
    refreshProactively: false,
  });

  const [first, second] = await Promise.all([credential.getToken(), credential.getToken()]);

  expect(await copy.azure.acs.isTokenValid(first.token)).toBe(true);
  expect(second.token).toBe(first.token);
  expect(copy.azure.acs.requests.count('issueToken')).toBe(1);
  credential.dispose();
});
