import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { connectionStringClients, keylessClients } from '../../../shared/acs/identityClients.ts';
import { startScriptedServer, status } from '../support/scriptedServer.ts';

const { signal } = new AbortController();
const TTL_MS = 1000;

let acs: AcsEmulator;
let now = 0;

beforeAll(async () => {
  acs = await startAcsEmulator();
});

afterAll(() => acs.close());

function clientsOf(readSecret: () => string) {
  const reader = new ConnectionStringReader(() => Promise.resolve(readSecret()), {
    ttlMs: TTL_MS,
    timeoutMs: 1000,
    clock: () => now,
  });
  return connectionStringClients(reader);
}

test('keeps the client while the connection string has the same value', async () => {
  const clients = clientsOf(() => acs.connectionString());

  const first = await clients.get(signal);
  now += TTL_MS;
  const second = await clients.get(signal);

  expect(second).toBe(first);
});

test('makes a working client of a new connection string', async () => {
  let key: 'primary' | 'secondary' = 'primary';
  const clients = clientsOf(() => acs.connectionString(key));
  const first = await clients.get(signal);
  key = 'secondary';

  const second = await clients.refreshAfterRejection(first, signal);

  expect(second).toBeDefined();
  expect(second).not.toBe(first);
  await expect(second?.sdk.createUser()).resolves.toHaveProperty('communicationUserId');
  expect(await clients.get(signal)).toBe(second);
});

test('has no other client after a rejection when the connection string is unchanged', async () => {
  const clients = clientsOf(() => acs.connectionString());
  const rejected = await clients.get(signal);

  const other = await clients.refreshAfterRejection(rejected, signal);

  expect(other).toBeUndefined();
});

test('always uses the same client with the managed identity', async () => {
  const credential = { getToken: () => Promise.resolve(null) };
  const clients = keylessClients(new URL('https://name.communication.azure.com/'), credential);

  const [first, second] = [await clients.get(signal), await clients.get(signal)];
  const other = await clients.refreshAfterRejection(first, signal);

  expect(second).toBe(first);
  expect(first.endpoint).toBe('https://name.communication.azure.com');
  expect(other).toBeUndefined();
});

test('calls ACS through the pipeline of this service, not the one of the SDK', async () => {
  const server = await startScriptedServer();
  server.script.push(status(201, {}, { identity: { id: `8:acs:${randomUUID()}_${randomUUID()}` } }));
  const clients = clientsOf(() => `endpoint=${server.url}/;accesskey=${Buffer.alloc(64).toString('base64')}`);

  await (await clients.get(signal)).sdk.createUser();

  expect(server.requests[0]?.['user-agent']).toMatch(/^acs-token-service /);
  expect(server.requests[0]).toHaveProperty('x-ms-client-request-id');
});
