import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { connectionStringClients, keylessClients } from '../../../shared/acs/identityClients.ts';

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

test('one client serves as long as the connection string is the same, however often it is read', async () => {
  const clients = clientsOf(() => acs.connectionString());

  const first = await clients.get(signal);
  now += TTL_MS;
  const second = await clients.get(signal);

  expect(second).toBe(first);
});

test('another connection string makes another client, which works', async () => {
  let key: 'primary' | 'secondary' = 'primary';
  const clients = clientsOf(() => acs.connectionString(key));
  const first = await clients.get(signal);
  key = 'secondary';

  const second = await clients.refreshAfterRejection(first, signal);

  expect(second).toBeDefined();
  expect(second).not.toBe(first);
  await expect(second?.createUser()).resolves.toHaveProperty('communicationUserId');
  expect(await clients.get(signal)).toBe(second);
});

test('there is no client instead of one that the same connection string would make', async () => {
  const clients = clientsOf(() => acs.connectionString());
  const refused = await clients.get(signal);

  const other = await clients.refreshAfterRejection(refused, signal);

  expect(other).toBeUndefined();
});

test('without a key there is one client, and never another', async () => {
  const credential = { getToken: () => Promise.resolve(null) };
  const clients = keylessClients(new URL('https://name.communication.azure.com/'), credential);

  const [first, second] = [await clients.get(signal), await clients.get(signal)];
  const other = await clients.refreshAfterRejection(first, signal);

  expect(second).toBe(first);
  expect(other).toBeUndefined();
});
