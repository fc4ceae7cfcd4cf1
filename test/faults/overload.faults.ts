import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { type LocalService, startLocalService } from '../../local/localService.ts';

const DURATION_MS = 90_000;
/** ACS issues this many tokens in 30 seconds. */
const LIMIT = 1000;
const OBEDIENT = 10;
const GREEDY = 20;
/** The greedy clients alone ask for twice the limit. */
const PAUSE_MS = GREEDY / ((2 * LIMIT) / 30_000);
const DEADLINE_SECONDS = 10;

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({ app: '.', port: 0 });
});
afterAll(() => service.stop());

interface Client {
  accepted: number;
  rejected: number;
  durations: number[];
  other: string[];
}

test(
  'twice the limit: nearly all of it is issued, with hardly a request that ACS rejects, and no client starves',
  async () => {
    const created = await fetch(`${service.url}/api/users`, { method: 'POST' });
    const { user } = (await created.json()) as { user: { communicationUserId: string } };
    const url = `${service.url}/api/users/${user.communicationUserId}/token`;
    service.azure.acs.requests.reset();
    const end = performance.now() + DURATION_MS;

    const run = async (obedient: boolean): Promise<Client> => {
      const client: Client = { accepted: 0, rejected: 0, durations: [], other: [] };
      const sent: Promise<number>[] = [];
      const send = async (): Promise<number> => {
        const started = performance.now();
        const response = await fetch(url);
        const text = await response.text();
        if (response.status === 200) {
          client.accepted += 1;
          client.durations.push(performance.now() - started);
          return 0;
        }
        if (response.status !== 429) client.other.push(`${response.status} ${text}`);
        client.rejected += 1;
        return Number(response.headers.get('retry-after'));
      };
      await wait(Math.random() * PAUSE_MS);
      while (performance.now() < end) {
        const response = send();
        sent.push(response);
        // A greedy client neither waits for responses nor for the time in Retry-After.
        const seconds = obedient ? await response : 0;
        const pauseMs = seconds > 0 ? seconds * 1000 * (1 + Math.random() / 4) : PAUSE_MS;
        await wait(Math.min(pauseMs, Math.max(0, end - performance.now())));
      }
      await Promise.all(sent);
      return client;
    };
    const [obedient, greedy] = await Promise.all([
      Promise.all(Array.from({ length: OBEDIENT }, () => run(true))),
      Promise.all(Array.from({ length: GREEDY }, () => run(false))),
    ]);

    const all = [...obedient, ...greedy];
    const accepted = all.reduce((sum, client) => sum + client.accepted, 0);
    const offered = all.reduce((sum, client) => sum + client.accepted + client.rejected, 0);
    const upstream = service.azure.acs.requests.count('issueToken');
    const durations = all.flatMap((client) => client.durations).sort((a, b) => a - b);
    const percentile = (share: number) => Math.round(durations[Math.floor(durations.length * share)] ?? 0);
    const limit = (LIMIT * DURATION_MS) / 30_000;
    const fewest = Math.min(...obedient.map((client) => client.accepted));
    process.stdout.write(
      [
        `offered ${offered}, accepted ${accepted} (${((100 * accepted) / limit).toFixed(1)}% of the limit)`,
        `upstream calls per accepted request ${(upstream / accepted).toFixed(3)}`,
        `accepted per obedient client ${fewest} to ${Math.max(...obedient.map((client) => client.accepted))}`,
        `p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms\n`,
      ].join('\n'),
    );

    expect(all.flatMap((client) => client.other)).toEqual([]);
    expect(offered).toBeGreaterThanOrEqual(2 * 0.95 * limit);
    expect(accepted).toBeGreaterThanOrEqual(0.95 * limit);
    expect(upstream).toBeLessThanOrEqual(1.1 * accepted);
    expect(fewest).toBeGreaterThanOrEqual(0.05 * (accepted / all.length));
    expect(percentile(0.99)).toBeLessThanOrEqual(DEADLINE_SECONDS * 1000 + 250);
  },
  DURATION_MS + 60_000,
);
