import type { RestError } from '@azure/core-rest-pipeline';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { connect } from './connect.ts';

const eager = { retryOptions: { maxRetries: 3, retryDelayInMs: 1 } };

let acs: AcsEmulator;
let identities: number;

beforeAll(async () => {
  acs = await startAcsEmulator();
});

beforeEach(() => {
  acs.faults.clear();
  acs.seen.reset();
  identities = acs.identities.count;
});

afterAll(() => acs.close());

test('a status with Retry-After reaches the client, and no work was done', async () => {
  acs.faults.arm({ status: 429, code: 'TooManyRequests', message: 'Slow down.', retryAfter: '7' });

  const failed = await connect(acs)
    .createUser()
    .catch((error: unknown) => error as RestError);

  expect(failed).toMatchObject({ statusCode: 429, code: 'TooManyRequests', message: 'Slow down.' });
  expect((failed as RestError).response?.headers.get('retry-after')).toBe('7');
  expect(acs.identities.count).toBe(identities);
});

test('a client that retries gets through once the fault is used up', async () => {
  acs.faults.arm({ status: 503, times: 2 });

  await connect(acs, eager).createUser();

  expect(acs.seen.toJSON()).toEqual({ createUser: 3 });
  expect(acs.identities.count).toBe(identities + 1);
});

test('a fault for one operation spares the others', async () => {
  acs.faults.arm({ operation: 'issueToken', status: 500 });
  const client = connect(acs);

  const user = await client.createUser();

  await expect(client.getToken(user, ['chat'])).rejects.toMatchObject({ statusCode: 500 });
  await expect(client.getToken(user, ['chat'])).resolves.toHaveProperty('token');
});

test('a client can abort a request that is delayed', async () => {
  acs.faults.arm({ delayMs: 60_000 });
  const controller = new AbortController();

  const created = connect(acs, eager).createUser({ abortSignal: controller.signal });
  while (acs.seen.count('createUser') === 0) await wait(1);
  controller.abort();

  await expect(created).rejects.toMatchObject({ name: 'AbortError' });
  expect(acs.seen.toJSON()).toEqual({ createUser: 1 });
  expect(acs.identities.count).toBe(identities);
});

test('a connection dropped at the request leaves no identity', async () => {
  acs.faults.arm({ at: 'request', drop: true });

  const created = connect(acs).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'ECONNRESET' });
  expect(acs.identities.count).toBe(identities);
});

test('a connection dropped at the answer leaves an identity that nobody knows', async () => {
  acs.faults.arm({ at: 'answer', drop: true });

  const created = connect(acs).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'ECONNRESET' });
  expect(acs.identities.count).toBe(identities + 1);
});

test('a client that retries a lost create leaves an orphan', async () => {
  acs.faults.arm({ at: 'answer', drop: true });

  await connect(acs, eager).createUser();

  expect(acs.identities.count).toBe(identities + 2);
});

test('half an answer is an error, which is not retried, after the work was done', async () => {
  acs.faults.arm({ halfBody: true });

  const created = connect(acs, eager).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'PARSE_ERROR' });
  expect(acs.seen.toJSON()).toEqual({ createUser: 1 });
  expect(acs.identities.count).toBe(identities + 1);
});
