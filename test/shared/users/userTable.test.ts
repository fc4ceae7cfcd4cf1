import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { createCertificates } from '../../../local/certificates.ts';
import { startStorageEmulator, type StorageEmulator } from '../../../local/storage/startStorageEmulator.ts';
import { UserDirectory } from '../../../shared/users/userDirectory.ts';
import { userTable } from '../../../shared/users/userTable.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

const { signal } = new AbortController();
let folder: string;
let storage: StorageEmulator;
/** The endpoint of the table service, which the settings of an app in Azure name. */
let endpoint: URL;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acs-token-service-'));
  const { ca, server } = await createCertificates();
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  await Promise.all([writeFile(files.certFile, server.cert), writeFile(files.keyFile, server.key)]);
  storage = await startStorageEmulator({ tls: files });
  await storage.createTable('users');
  endpoint = new URL(/TableEndpoint=([^;]+)/.exec(storage.connectionString)?.[1] ?? '');
});

afterAll(async () => {
  await storage.stop();
  await rm(folder, { recursive: true });
});

/** A Microsoft Entra token in the form that Azurite checks: issuer, audience and lifetime. */
function entraToken(audience: string): string {
  return new UnsecuredJWT({})
    .setIssuer('https://sts.windows.net/00000000-0000-0000-0000-000000000000/')
    .setAudience(audience)
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('1h')
    .encode();
}

test("reads and writes with the identity's token for Azure Storage", async () => {
  const scopes: (string | string[])[] = [];
  const credential = {
    getToken: (scope: string | string[]) => {
      scopes.push(scope);
      const token = entraToken('https://storage.azure.com');
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  const directory = new UserDirectory(userTable({ name: 'users', endpoint }, credential), () =>
    Promise.resolve(),
  );

  await directory.getOrCreate('a subject', () => Promise.resolve({ userId: 'an identity' }), signal);

  expect(await directory.find('a subject', signal)).toBe('an identity');
  expect(new Set(scopes.flat())).toEqual(new Set(['https://storage.azure.com/.default']));
});

test('names the missing role when the table rejects the token', async () => {
  const credential = {
    getToken: () =>
      Promise.resolve({
        token: entraToken('https://vault.azure.net'),
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
  };
  const directory = new UserDirectory(userTable({ name: 'users', endpoint }, credential), () =>
    Promise.resolve(),
  );

  const found = directory.find('a subject', signal);

  await expect(found).rejects.toMatchObject({
    code: 'upstream_unavailable',
    operatorHint: expect.stringContaining('Storage Table Data Contributor'),
  });
});

test('follows no redirect, which would take its authorization elsewhere', async () => {
  const elsewhere = await startScriptedServer();
  elsewhere.script.push(status(200, {}, { value: [] }));
  const scripted = await startScriptedServer();
  scripted.script.push(status(307, { Location: `${elsewhere.url}/devstoreaccount1/users()` }));
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;TableEndpoint=${scripted.url}/devstoreaccount1;`;
  const credential = { getToken: () => Promise.resolve(null) };
  const directory = new UserDirectory(userTable({ name: 'users', connectionString }, credential), () =>
    Promise.resolve(),
  );

  const found = directory.find('a subject', signal);

  await expect(found).rejects.toMatchObject({ code: 'upstream_unavailable' });
  expect(scripted.requests).toHaveLength(1);
  expect(elsewhere.requests).toEqual([]);
});
