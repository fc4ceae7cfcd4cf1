import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { Api } from '../api/api.ts';
import { startInProcess, stopInProcess } from '../api/inProcess.ts';

const SECRET = 'acs-connection-string';

let api: Api;
beforeEach(async () => {
  api = await startInProcess();
  api.azure.vault.requests.reset();
  await api.azure.acs.commands['setLimits']?.run({ enabled: false });
});
afterEach(() => {
  api.azure.vault.faults.clear();
});
afterAll(stopInProcess);

/** The access key changes, and the secret some seconds later. */
test.each([
  [0, 0],
  [5, 1],
  [30, 3.5],
])(
  'a secret that follows the key after %i s ends the failures within %d s',
  async (delaySeconds, maxSeconds) => {
    const failures: number[] = [];
    let running = true;
    const client = async () => {
      while (running) {
        const { status } = await api.send('POST', 'users');
        if (status !== 201) failures.push(performance.now());
        await wait(20);
      }
    };
    await api.send('POST', 'users');
    const clients = Promise.all(Array.from({ length: 5 }, client));

    const { azure } = api;
    azure.acs.accessKeys.regenerate('primary');
    await wait(delaySeconds * 1000);
    azure.vault.setSecret(SECRET, azure.acs.connectionString());
    const corrected = performance.now();
    const before = failures.length;
    await wait(5000);
    running = false;
    await clients;

    const late = failures.filter((at) => at > corrected);
    const lastSeconds = late.length === 0 ? 0 : ((late.at(-1) ?? 0) - corrected) / 1000;
    process.stdout.write(
      `Secret ${delaySeconds} s after the key: ${before} failures until then, ${late.length} after, the last ` +
        `${lastSeconds.toFixed(2)} s after; ${azure.vault.requests.count('getSecret')} reads\n`,
    );
    expect(lastSeconds).toBeLessThanOrEqual(maxSeconds);
  },
);

test('500 callers at once cause one read', async () => {
  const first = await Promise.all(Array.from({ length: 500 }, () => api.send('POST', 'users')));
  expect(first.filter(({ status }) => status !== 201)).toEqual([]);
  expect(api.azure.vault.requests.count('getSecret')).toBe(1);

  api.azure.acs.accessKeys.regenerate('primary');
  api.azure.vault.setSecret(SECRET, api.azure.acs.connectionString());
  const rotated = await Promise.all(Array.from({ length: 500 }, () => api.send('POST', 'users')));

  expect(rotated.filter(({ status }) => status !== 201)).toEqual([]);
  expect(api.azure.vault.requests.count('getSecret')).toBe(2);
});
