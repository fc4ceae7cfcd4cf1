import { expect, test } from '@jest/globals';
import { readSettings } from '../../../shared/config.ts';
import { misconfigured } from '../../../shared/errors.ts';
import { checkHealth } from '../../../shared/http/healthChecks.ts';
import type { Dependencies, App } from '../../../shared/app.ts';

const there = () => Promise.resolve('something private');
const away = () => Promise.reject(misconfigured('something private'));

function serviceWith(checks: Dependencies['checks'], deadlineMs = 1000): App {
  const settings = { ...readSettings({ KEY_VAULT_URI: 'https://name.vault.azure.net/' }), deadlineMs };
  // Health asks for nothing else.
  return { authLevel: 'function', dependencies: () => ({ settings, checks }) as Dependencies };
}

test('is ok when everything is there, and tells no more', async () => {
  const health = await checkHealth(serviceWith({ vault: there, table: there }));

  expect(health).toEqual({ status: 'ok', checks: { settings: 'ok', vault: 'ok', table: 'ok' } });
});

test('fails when one thing is away, and tells which', async () => {
  const health = await checkHealth(serviceWith({ vault: away, table: there }));

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});

test('fails when the settings are wrong, and asks nothing', async () => {
  const service: App = {
    authLevel: 'function',
    dependencies: () => {
      throw misconfigured('something private');
    },
  };

  const health = await checkHealth(service);

  expect(health).toEqual({ status: 'failed', checks: { settings: 'failed' } });
});

test('tells each question when its time is up', async () => {
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });

  const health = await checkHealth(serviceWith({ vault: untilAborted, table: there }, 20));

  expect(health).toEqual({ status: 'failed', checks: { settings: 'ok', vault: 'failed', table: 'ok' } });
});
