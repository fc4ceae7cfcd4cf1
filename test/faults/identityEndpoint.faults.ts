import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { type FaultyServer, startFaultyServer } from './faultyServer.ts';
import { outages } from './outages.ts';

const DEADLINE_SECONDS = 2;
const MAX_DURATION_MS = DEADLINE_SECONDS * 1000 + 250;
const TTL_SECONDS = 1;

let endpoint: FaultyServer;
let service: LocalService;
let log: string[];
beforeEach(async () => {
  log = [];
  endpoint = await startFaultyServer('');
});
afterEach(async () => {
  await service.stop();
  await endpoint.close();
});

/** In a process of its own: @azure/identity keeps its tokens for the life of a process. */
async function start(mode: string): Promise<void> {
  service = await startLocalService({
    app: '.',
    port: 0,
    onLog: (line) => log.push(line),
    settings: ({ identity, acs }) => {
      endpoint.target = identity.url;
      return {
        IDENTITY_ENDPOINT: `${endpoint.url}/msi/token`,
        REQUEST_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
        ACS_SECRET_TTL_SECONDS: String(TTL_SECONDS),
        ...(mode === 'keyless' ? { ACS_ENDPOINT: `${acs.secureUrl ?? ''}/` } : {}),
      };
    },
  });
}

/** 'ok', or the code of the problem. */
async function createUser(): Promise<string> {
  const started = performance.now();
  const response = await fetch(`${service.url}/api/users`, { method: 'POST' });
  const body = (await response.json()) as { code?: string };
  expect(performance.now() - started).toBeLessThanOrEqual(MAX_DURATION_MS);
  if (!response.ok) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  return body.code ?? 'ok';
}

async function isHealthy(): Promise<boolean> {
  return (await fetch(`${service.url}/api/health`)).ok;
}

/** Resolves once the condition holds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(100);
}

describe.each(['with a vault', 'keyless'])('%s, the identity endpoint', (mode) => {
  test.each(outages)('%s at the start, and works again', async (_name, fault) => {
    endpoint.fault = fault;
    await start(mode);
    const down = [await createUser(), await createUser()];
    const healthy = await isHealthy();
    endpoint.fault = undefined;
    await until(async () => (await createUser()) === 'ok');
    await until(isHealthy);

    for (const code of down) expect(['upstream_unavailable', 'upstream_timeout']).toContain(code);
    expect(healthy).toBe(false);
    expectCleanLog();
  });

  test('is slow', async () => {
    endpoint.delayMs = 300;
    await start(mode);

    expect(await createUser()).toBe('ok');
  });

  test.each(outages)('%s while a token is valid', async (_name, fault) => {
    await start(mode);
    await until(async () => (await createUser()) === 'ok');
    endpoint.fault = fault;
    await wait(2100 * TTL_SECONDS);

    expect(await createUser()).toBe('ok');
    expect(await isHealthy()).toBe(true);
    expectCleanLog();
  });
});

/** The process has written its events only, and none of them holds a token or a key. */
function expectCleanLog(): void {
  const lines = log.join('\n');
  expect(lines).not.toMatch(/accesskey=[\w+/]|Bearer |eyJ/i);
  expect(lines).not.toMatch(/unhandled|\n\s+at /i);
}
