import { expect, test } from '@jest/globals';
import { readSettings } from '../../../shared/config.ts';
import { misconfigured } from '../../../shared/errors.ts';
import { healthCheck } from '../../../shared/http/healthChecks.ts';
import type { Dependencies, App } from '../../../shared/app.ts';
import { noTelemetry } from '../../../shared/telemetry/telemetry.ts';

const available = () => Promise.resolve('something private');
const unavailable = () => Promise.reject(misconfigured('something private'));

function serviceWith(checks: Dependencies['checks'], deadlineMs = 1000): App {
  const settings = { ...readSettings({ KEY_VAULT_URI: 'https://name.vault.azure.net/' }), deadlineMs };
  // The health checks use nothing else.
  return {
    authLevel: 'function',
    exchangesTeamsTokens: false,
    telemetry: noTelemetry,
    dependencies: () => ({ settings, checks }) as Dependencies,
  };
}

test('is ok when every dependency is available', async () => {
  const health = await healthCheck(serviceWith({ vault: available, table: available }))();

  expect(health).toEqual({ status: 'ok', checks: { settings: 'ok', vault: 'ok', table: 'ok' } });
});

test('fails when one dependency is unavailable, and names it', async () => {
  const health = await healthCheck(serviceWith({ vault: unavailable, table: available }))();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});

test('fails when the settings are wrong', async () => {
  const service: App = {
    authLevel: 'function',
    exchangesTeamsTokens: true,
    telemetry: noTelemetry,
    dependencies: () => {
      throw misconfigured('something private');
    },
  };

  const health = await healthCheck(service)();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'failed' } });
});

test('fails a check that does not end before the deadline', async () => {
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });

  const health = await healthCheck(serviceWith({ vault: untilAborted, table: available }, 20))();

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});

test('checks at most once in 5 seconds, failures too', async () => {
  let now = 0;
  let checks = 0;
  const vault = () => {
    checks += 1;
    return checks === 1 ? unavailable() : available();
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
