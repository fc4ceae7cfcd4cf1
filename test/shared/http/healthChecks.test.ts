import { expect, test } from '@jest/globals';
import { readSettings } from '../../../shared/config.ts';
import { misconfigured } from '../../../shared/errors.ts';
import { healthCheck } from '../../../shared/http/healthChecks.ts';
import type { Dependencies, App } from '../../../shared/app.ts';

const there = () => Promise.resolve('something private');
const away = () => Promise.reject(misconfigured('something private'));

function serviceWith(checks: Dependencies['checks'], deadlineMs = 1000): App {
  const settings = { ...readSettings({ KEY_VAULT_URI: 'https://name.vault.azure.net/' }), deadlineMs };
  // Health asks for nothing else.
  return { authLevel: 'function', dependencies: () => ({ settings, checks }) as Dependencies };
}

test('is ok when everything is there, and tells no more', async () => {
  const health = await healthCheck(serviceWith({ vault: there, table: there }))();

  expect(health).toEqual({ status: 'ok', checks: { settings: 'ok', vault: 'ok', table: 'ok' } });
});

test('fails when one thing is away, and tells which', async () => {
  const health = await healthCheck(serviceWith({ vault: away, table: there }))();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});

test('fails when the settings are wrong, and asks nothing', async () => {
  const service: App = {
    authLevel: 'function',
    dependencies: () => {
      throw misconfigured('something private');
    },
  };

  const health = await healthCheck(service)();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'failed' } });
});

test('tells each question when its time is up', async () => {
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });

  const health = await healthCheck(serviceWith({ vault: untilAborted, table: there }, 20))();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});

test('checks at most once in 5 seconds, failures too', async () => {
  let now = 0;
  let checks = 0;
  const vault = () => {
    checks += 1;
    return checks === 1 ? away() : there();
  };
  const check = healthCheck(serviceWith({ vault }), () => now);

  const together = await Promise.all([check(), check()]);
  now = 4999;
  const kept = await check();
  now = 5000;
  const fresh = await check();

  expect([...together, kept, fresh].map(({ status }) => status)).toEqual([
    'failed',
    'failed',
    'failed',
    'ok',
  ]);
  expect(checks).toBe(2);
});
