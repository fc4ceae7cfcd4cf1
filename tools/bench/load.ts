import { percentile } from './figures.ts';
import { type Target, tokenSource } from './tokenSources.ts';

/** The load to generate. */
export interface LoadOptions {
  target: Target;
  /** Requests under way at any time. */
  concurrency: number;
  /** Ends after `seconds` or, if that is given, after so many `tokens`. */
  seconds: number;
  tokens?: number;
}

export interface LoadResult {
  tokens: number;
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** CPU time of the load generator itself. */
  cpuMs: number;
}

/** Gets tokens in a closed loop: each of the `concurrency` loops asks again when it has its token. */
async function run({ target, concurrency, seconds, tokens = Infinity }: LoadOptions): Promise<LoadResult> {
  const getToken = tokenSource(target, concurrency);
  const durations: number[] = [];
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const end = tokens === Infinity ? started + seconds * 1000 : Infinity;
  let left = tokens;
  const loop = async () => {
    while (performance.now() < end && left-- > 0) {
      const sent = performance.now();
      await getToken();
      durations.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const cpu = process.cpuUsage(cpuBefore);
  return {
    tokens: durations.length,
    seconds: (performance.now() - started) / 1000,
    p50: percentile(durations, 0.5),
    p99: percentile(durations, 0.99),
    cpuMs: (cpu.user + cpu.system) / 1000,
  };
}

process.on('message', (options: LoadOptions) => {
  run(options).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
