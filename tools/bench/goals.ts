import { type ColdResult, timesEmpty } from './cold.ts';
import type { MemoryResult } from './memory.ts';
import { figure, type SteadyResult } from './steady.ts';

/** A ratio that the service should keep to. */
export interface Goal {
  goal: string;
  measured: number;
  met: boolean;
}

export function steadyGoals(results: readonly SteadyResult[]): Goal[] {
  return results.flatMap((result) => {
    const { concurrency, delayMs } = result;
    if (delayMs > 0) {
      const p50 = figure(result, 'p50', 'functionKey', 'signedRequest');
      return concurrency > 1
        ? []
        : [atMost(1.08, p50, `p50 beside a bare signed request, ${delayMs} ms upstream, 1 concurrent`)];
    }
    const at = `${concurrency} concurrent`;
    return [
      atLeast(
        1,
        figure(result, 'tokensPerSecond', 'functionKey', 'tutorial'),
        `tokens per second beside the tutorial, ${at}`,
      ),
      atLeast(
        0.9,
        figure(result, 'tokensPerSecond', 'functionKey', 'minimal'),
        `tokens per second beside a minimal function, ${at}`,
      ),
      atMost(
        1.1,
        figure(result, 'cpuPerToken', 'functionKey', 'minimal'),
        `CPU per token beside a minimal function, ${at}`,
      ),
      atLeast(
        0.6,
        figure(result, 'tokensPerSecond', 'oidc', 'functionKey'),
        `tokens per second of oidc beside function keys, ${at}`,
      ),
    ];
  });
}

export function coldGoals(result: ColdResult): Goal[] {
  return [
    atMost(
      1.4,
      timesEmpty(result, 'functionKey', 'spawned'),
      'new process to first token beside an empty function',
    ),
    atMost(
      2,
      timesEmpty(result, 'functionKey', 'specialised'),
      'specialisation to first token beside an empty function',
    ),
  ];
}

export function memoryGoals(results: readonly MemoryResult[]): Goal[] {
  return results.map(({ app, readings }) => {
    const [first, last] = [readings[0], readings.at(-1)];
    const growth = (last?.residentBytes ?? NaN) / (first?.residentBytes ?? NaN);
    return atMost(
      1.1,
      growth,
      `memory of ${app} after ${last?.tokens ?? 0} tokens beside ${first?.tokens ?? 0}`,
    );
  });
}

function atLeast(bound: number, measured: number, goal: string): Goal {
  return { goal: `at least ${bound}: ${goal}`, measured, met: measured >= bound };
}

function atMost(bound: number, measured: number, goal: string): Goal {
  return { goal: `at most ${bound}: ${goal}`, measured, met: measured <= bound };
}
