import { ask, startProcess, stopProcess } from './childProcess.ts';
import { type Figures, median } from './figures.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { startSteadyHost, type SteadyHost } from './steadyHost.ts';
import type { AppName, Subjects } from './subjects.ts';
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

/**
 * Measures the contenders in turn, all of them in every repeat, so that a busy moment hits no single one. Every other
 * repeat is in reverse order, because what ran before matters.
 */
export async function measureSteady(
  subjects: Subjects,
  { concurrencies, delays, seconds, repeats }: SteadyOptions,
  onProgress: (step: string) => void,
): Promise<SteadyResult[]> {
  const hosts = await startHosts(subjects);
  const results: SteadyResult[] = [];
  try {
    for (const [contender, host] of hosts) {
      onProgress(`warming up: ${contender}`);
      const target = targetOf(contender, subjects, hosts);
      await measureOne(target, { concurrency: 32, seconds: 0, tokens: WARM_UP_TOKENS, host });
    }
    for (const delayMs of delays) {
      await subjects.setDelay(delayMs);
      for (const concurrency of concurrencies) {
        const runs: SteadyResult['runs'] = {
          signedRequest: [],
          sdk: [],
          minimal: [],
          tutorial: [],
          functionKey: [],
          oidc: [],
        };
        for (let repeat = 1; repeat <= repeats; repeat += 1) {
          onProgress(`${delayMs} ms upstream, ${concurrency} concurrent, repeat ${repeat} of ${repeats}`);
          for (const contender of repeat % 2 === 0 ? contenders.toReversed() : contenders) {
            const measure = { concurrency, seconds, host: hosts.get(contender) };
            runs[contender].push(await measureOne(targetOf(contender, subjects, hosts), measure));
          }
        }
        results.push({ delayMs, concurrency, runs });
      }
    }
  } finally {
    await Promise.all([...hosts.values()].map((host) => host.stop()));
  }
  return results;
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

const hosted = ['minimal', 'tutorial', 'functionKey', 'oidc'] as const satisfies readonly AppName[];

async function startHosts({ apps }: Subjects): Promise<Map<Contender, SteadyHost>> {
  const hosts = new Map<Contender, SteadyHost>();
  for (const name of hosted) hosts.set(name, await startSteadyHost(apps[name]));
  return hosts;
}

function targetOf(contender: Contender, subjects: Subjects, hosts: Map<Contender, SteadyHost>): Target {
  if (contender === 'signedRequest' || contender === 'sdk') {
    return { kind: contender, endpoint: subjects.endpoint, accessKey: subjects.accessKey };
  }
  const { bearers } = subjects.apps[contender];
  return { kind: 'service', url: hosts.get(contender)?.url ?? '', ...(bearers && { bearers }) };
}

/** Puts load on a target from a process of its own, after a warm-up of a third of the time. */
export async function measureOne(
  target: Target,
  load: { concurrency: number; seconds: number; tokens?: number; host: SteadyHost | undefined },
): Promise<Figures> {
  const { host, ...options } = load;
  const generator = startProcess('load.ts');
  try {
    await put(generator, { target, concurrency: options.concurrency, seconds: options.seconds / 3 });
    const before = await host?.usage();
    const { tokens, seconds, p50, p99, cpuMs } = await put(generator, { target, ...options });
    const after = await host?.usage();
    const used = before !== undefined && after !== undefined ? after.cpuMs - before.cpuMs : cpuMs;
    return { tokensPerSecond: tokens / seconds, p50, p99, cpuPerToken: used / tokens };
  } finally {
    await stopProcess(generator);
  }
}

async function put(generator: ReturnType<typeof startProcess>, options: LoadOptions): Promise<LoadResult> {
  const answer = await ask<{ result: LoadResult } | { error: string }>(generator, options);
  if ('error' in answer) throw new Error(answer.error);
  return answer.result;
}
