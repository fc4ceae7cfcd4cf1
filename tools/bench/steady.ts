import type { ChildProcess } from 'node:child_process';
import { ask, startProcess, stopProcess } from './childProcess.ts';
import { type Figures, median } from './figures.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { startSteadyHost, type SteadyHost } from './steadyHost.ts';
import type { FunctionApp, Subjects } from './subjects.ts';
import type { Target } from './tokenSources.ts';

export const contenders = ['signedRequest', 'sdk', 'minimal', 'tutorial', 'functionKey', 'oidc'] as const;
export type Contender = (typeof contenders)[number];

export interface SteadyOptions {
  concurrencies: readonly number[];
  /** How long Communication Services takes, milliseconds. */
  delays: readonly number[];
  /** Of one measurement. */
  seconds: number;
  repeats: number;
}

/** All contenders under the same load; one entry of each list for each repeat. */
export interface SteadyResult {
  delayMs: number;
  concurrency: number;
  runs: Record<Contender, Figures[]>;
}

/** After so many tokens, V8 has compiled what is called often. */
const WARM_UP_TOKENS = 5000;

/** What is put under load, and the process that does it: a new one would be slow until V8 has compiled it. */
export interface RunningContender {
  target: Target;
  generator: ChildProcess;
  /** `undefined` when the generator itself does the work. */
  host: SteadyHost | undefined;
}

/**
 * Measures the contenders in turn, all of them in every repeat, so that a busy moment hits no single one. Every other
 * repeat is in reverse order, because what ran before matters. Each repeat has processes of its own: two processes
 * with the same code can differ by a tenth for as long as they run.
 */
export async function measureSteady(
  subjects: Subjects,
  { concurrencies, delays, seconds, repeats }: SteadyOptions,
  onProgress: (step: string) => void,
): Promise<SteadyResult[]> {
  const results = delays.flatMap((delayMs) =>
    concurrencies.map((concurrency): SteadyResult => ({ delayMs, concurrency, runs: noRuns() })),
  );
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    const inOrder = repeat % 2 === 0 ? contenders.toReversed() : contenders;
    const running = new Map<Contender, RunningContender>();
    try {
      onProgress(`repeat ${repeat} of ${repeats}: warming up`);
      await subjects.setDelay(0);
      for (const contender of inOrder) {
        const started = await startContender(contender, subjects);
        running.set(contender, started);
        await measureOne(started, { concurrency: 32, seconds: 0, tokens: WARM_UP_TOKENS });
      }
      for (const { delayMs, concurrency, runs } of results) {
        onProgress(`repeat ${repeat} of ${repeats}: ${delayMs} ms upstream, ${concurrency} concurrent`);
        await subjects.setDelay(delayMs);
        for (const [contender, started] of running) {
          runs[contender].push(await measureOne(started, { concurrency, seconds }));
        }
      }
    } finally {
      await Promise.all([...running.values()].map(stopContender));
    }
  }
  return results;
}

function noRuns(): SteadyResult['runs'] {
  return { signedRequest: [], sdk: [], minimal: [], tutorial: [], functionKey: [], oidc: [] };
}

/** The median over the repeats of one contender's figure, or of its ratio to another contender's in the same repeat. */
export function figure(
  { runs }: SteadyResult,
  name: keyof Figures,
  contender: Contender,
  of?: Contender,
): number {
  const values = runs[contender].map((figures) => figures[name]);
  if (of === undefined) return median(values);
  return median(values.map((value, repeat) => value / (runs[of][repeat]?.[name] ?? NaN)));
}

async function startContender(
  contender: Contender,
  { apps, endpoint, accessKey }: Subjects,
): Promise<RunningContender> {
  return contender === 'signedRequest' || contender === 'sdk'
    ? { target: { kind: contender, endpoint, accessKey }, generator: startGenerator(), host: undefined }
    : await startApp(apps[contender]);
}

/** An app in its host, and a load generator for it. */
export async function startApp(app: FunctionApp): Promise<RunningContender & { host: SteadyHost }> {
  const host = await startSteadyHost(app);
  const target = { kind: 'service', url: host.url, ...(app.bearers && { bearers: app.bearers }) } as const;
  return { target, generator: startGenerator(), host };
}

export async function stopContender({ generator, host }: RunningContender): Promise<void> {
  await Promise.all([stopProcess(generator), host?.stop()]);
}

function startGenerator(): ChildProcess {
  return startProcess('load.ts');
}

/** Puts load on a contender, after a warm-up of a third of the time. */
export async function measureOne(
  { target, generator, host }: RunningContender,
  load: Omit<LoadOptions, 'target'>,
): Promise<Figures> {
  await put(generator, { target, concurrency: load.concurrency, seconds: load.seconds / 3 });
  const before = await host?.usage();
  const { tokens, seconds, p50, p99, cpuMs } = await put(generator, { target, ...load });
  const after = await host?.usage();
  const used = before !== undefined && after !== undefined ? after.cpuMs - before.cpuMs : cpuMs;
  return { tokensPerSecond: tokens / seconds, p50, p99, cpuPerToken: used / tokens };
}

async function put(generator: ChildProcess, options: LoadOptions): Promise<LoadResult> {
  const answer = await ask<{ result: LoadResult } | { error: string }>(generator, options);
  if ('error' in answer) throw new Error(answer.error);
  return answer.result;
}
