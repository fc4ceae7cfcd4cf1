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
  acs.requests.reset();
  identities = acs.identities.count;
});

afterAll(() => acs.close());

test('injects a status with Retry-After before the operation runs', async () => {
  acs.faults.arm({ status: 429, code: 'TooManyRequests', message: 'Too many requests.', retryAfter: '7' });

  const failed = await connect(acs)
    .createUser()
    .catch((error: unknown) => error as RestError);

  expect(failed).toMatchObject({ statusCode: 429, code: 'TooManyRequests', message: 'Too many requests.' });
  expect((failed as RestError).response?.headers.get('retry-after')).toBe('7');
  expect(acs.identities.count).toBe(identities);
});

test('stops after the given number of requests', async () => {
  acs.faults.arm({ status: 503, times: 2 });

  await connect(acs, eager).createUser();

  expect(acs.requests.toJSON()).toEqual({ createUser: 3 });
  expect(acs.identities.count).toBe(identities + 1);
});

test('fails one operation only', async () => {
  acs.faults.arm({ operation: 'issueToken', status: 500 });
  const client = connect(acs);

  const user = await client.createUser();

  await expect(client.getToken(user, ['chat'])).rejects.toMatchObject({ statusCode: 500 });
  await expect(client.getToken(user, ['chat'])).resolves.toHaveProperty('token');
});

test('rejects an operation that does not exist', () => {
  const arm = () => {
    acs.faults.arm({ operation: 'getToken', status: 500 });
  };

  expect(arm).toThrow(/issueToken/);
  expect(acs.faults.list()).toEqual([]);
});

test('lets a client abort a delayed request', async () => {
  acs.faults.arm({ delayMs: 60_000 });
  const controller = new AbortController();

  const created = connect(acs, eager).createUser({ abortSignal: controller.signal });
  while (acs.requests.count('createUser') === 0) await wait(1);
  controller.abort();

  await expect(created).rejects.toMatchObject({ name: 'AbortError' });
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
  expect(acs.identities.count).toBe(identities);
});

test('drops the connection before the operation runs', async () => {
  acs.faults.arm({ at: 'request', drop: true });

  const created = connect(acs).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'ECONNRESET' });
  expect(acs.identities.count).toBe(identities);
});

test('drops the connection after the operation ran', async () => {
  acs.faults.arm({ at: 'response', drop: true });

  const created = connect(acs).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'ECONNRESET' });
  expect(acs.identities.count).toBe(identities + 1);
});

test('sends half a response body after the operation ran, which the SDK does not retry', async () => {
  acs.faults.arm({ halfBody: true });

  const created = connect(acs, eager).createUser();

  await expect(created).rejects.toMatchObject({ name: 'RestError', code: 'PARSE_ERROR' });
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
  expect(acs.identities.count).toBe(identities + 1);
});
