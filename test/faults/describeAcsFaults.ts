import { afterAll, describe, expect, test } from '@jest/globals';
import { createCertificates } from '../../local/certificates.ts';
import { startInProcess, stopInProcess } from '../api/inProcess.ts';
import type { Api, ApiResponse } from '../api/api.ts';
import { startScriptedServer } from '../shared/support/scriptedServer.ts';
import { type AcsFault, type AcsOperation, UPSTREAM_TEXT } from './acsFaults.ts';

const DEADLINE_SECONDS = 1;
const ACCESS_KEY = Buffer.from('an access key of this test').toString('base64');
const USER = '8:acs:11111111-2222-3333-4444-555555555555_66666666-7777-8888-9999-000000000000';

const calls: Record<AcsOperation, (api: Api) => Promise<ApiResponse>> = {
  createUser: (api) => api.send('POST', 'users'),
  createUserAndToken: (api) => api.send('POST', 'users?scope=chat'),
  issueToken: (api) => api.send('GET', `users/${USER}/token`),
  revokeTokens: (api) => api.send('DELETE', `users/${USER}/token`),
  deleteUser: (api) => api.send('DELETE', `users/${USER}`),
};
const operations = Object.keys(calls) as AcsOperation[];

interface Options {
  /** How much longer than its deadline a request may take, in milliseconds. */
  maxOverrunMs: number;
}

/** Runs every operation against each fault, each with a service of its own. */
export function describeAcsFaults(faults: readonly AcsFault[], { maxOverrunMs }: Options): void {
  const tally = new Map<string, number>();
  afterAll(async () => {
    await stopInProcess();
    const rows = [...tally].sort().map(([outcome, count]) => `${String(count).padStart(6)}  ${outcome}\n`);
    process.stdout.write(
      `Faults of Communication Services, ${faults.length} × ${operations.length}:\n${rows.join('')}`,
    );
  });

  describe('when Communication Services answers with', () => {
    test.each(faults.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
      for (const operation of operations) {
        const result = await run(fault, operation);
        tally.set(result.outcome, (tally.get(result.outcome) ?? 0) + 1);

        const expected = typeof fault.outcome === 'string' ? fault.outcome : fault.outcome(operation);
        expect({ operation, outcome: result.outcome }).toEqual({ operation, outcome: expected });
        expect(result.durationMs).toBeLessThanOrEqual(DEADLINE_SECONDS * 1000 + maxOverrunMs);
        expect(result.upstreamCalls).toBeLessThanOrEqual(maxCalls(operation, result));
        expectRetryAfter(fault, result);
        expect(result.written).not.toMatch(ACCESS_KEY);
        expect(result.written).not.toMatch(UPSTREAM_TEXT);
        expect(result.written).not.toMatch(/Bearer|eyJ/);
      }
    });
  });
}

interface Result {
  outcome: string;
  durationMs: number;
  upstreamCalls: number;
  retryAfter: string | null;
  /** The response and the log. */
  written: string;
}

async function run(fault: AcsFault, operation: AcsOperation): Promise<Result> {
  const server = await startScriptedServer(fault.untrusted ? (await createCertificates()).server : undefined);
  if (fault.answer !== undefined) server.script.push(fault.answer);
  const api = await startInProcess({
    secret: `endpoint=${fault.endpoint ?? server.url};accesskey=${ACCESS_KEY}`,
    env: { REQUEST_DEADLINE_SECONDS: String(DEADLINE_SECONDS) },
  });
  const started = performance.now();
  const { status, headers, body } = await calls[operation](api);
  const durationMs = performance.now() - started;
  await server.close();
  return {
    outcome: status < 300 ? 'ok' : (body as { code: string }).code,
    durationMs,
    upstreamCalls: server.requests.length,
    retryAfter: headers.get('retry-after'),
    written: [JSON.stringify(body), ...[...headers].flat(), ...api.logs()].join('\n'),
  };
}

/** One attempt and three retries; a create is repeated only when ACS has certainly not processed it. */
function maxCalls(operation: AcsOperation, { outcome }: Result): number {
  return operation.startsWith('create') && outcome !== 'too_many_requests' ? 1 : 4;
}

function expectRetryAfter(fault: AcsFault, { outcome, retryAfter }: Result): void {
  const isWorthWaiting = outcome === 'too_many_requests' || outcome.startsWith('upstream_');
  expect(retryAfter !== null).toBe(isWorthWaiting);
  if (!isWorthWaiting || fault.retryAfter === undefined) return;
  expect(Number(retryAfter)).toBeGreaterThanOrEqual(fault.retryAfter.min);
  expect(Number(retryAfter)).toBeLessThanOrEqual(fault.retryAfter.max);
}
