import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Api } from '../api/api.ts';
import { startInProcess, stopInProcess } from '../api/inProcess.ts';
import { seededRandom } from './seededRandom.ts';

const REQUESTS = 2000;

let api: Api;
let path: string;
beforeAll(async () => {
  api = await startInProcess();
  await api.azure.acs.commands['setLimits']?.run({ enabled: false });
  path = `users/${api.azure.acs.identities.create()}/token`;
});
beforeEach(() => {
  api.azure.acs.faults.clear();
  api.azure.acs.requests.reset();
});
afterAll(stopInProcess);

/** Sends the requests one after the other. Returns how many failed, and the upstream calls for each of them. */
async function sendAll(beforeEachRequest: () => void): Promise<{ failed: number; upstream: number }> {
  let failed = 0;
  for (let sent = 0; sent < REQUESTS; sent += 1) {
    beforeEachRequest();
    const { status } = await api.send('GET', path);
    if (status !== 200) failed += 1;
  }
  const upstream = api.azure.acs.requests.count('issueToken') / REQUESTS;
  process.stdout.write(
    `${REQUESTS} requests, ${failed} failed, ${upstream.toFixed(3)} upstream calls for each\n`,
  );
  return { failed, upstream };
}

test('while ACS fails 2% of its requests, retries save all of them', async () => {
  const random = seededRandom(1);

  const { failed, upstream } = await sendAll(() => {
    if (random() < 0.02) api.azure.acs.faults.arm({ status: 500 });
  });

  expect(failed).toBe(0);
  expect(upstream).toBeLessThanOrEqual(1.1);
});

test('while ACS fails all requests, retries are at most a tenth of them', async () => {
  api.azure.acs.faults.arm({ status: 500, times: 10 * REQUESTS });

  const { failed, upstream } = await sendAll(() => undefined);

  expect(failed).toBe(REQUESTS);
  expect(upstream).toBeLessThanOrEqual(1.1);
});
