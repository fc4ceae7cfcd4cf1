import { type BarChart, barChart, shorten } from './barChart.ts';
import { coldFigure, type ColdResult, type ColdStart, timesEmpty } from './cold.ts';
import { coldGoals, type Goal, memoryGoals, steadyGoals } from './goals.ts';
import type { MemoryResult } from './memory.ts';
import { contenders, figure, type SteadyResult } from './steady.ts';
import { type AppName, appNames } from './subjects.ts';
import { textTable } from '../textTable.ts';

/** Everything that was measured in one run. */
export interface Results {
  /** The date and the machine. */
  measuredOn: string;
  steady?: SteadyResult[];
  cold?: ColdResult;
  memory?: MemoryResult[];
}

const names: Record<(typeof contenders)[number] | AppName, string> = {
  signedRequest: 'bare signed request',
  sdk: 'raw SDK in a loop',
  empty: 'empty function',
  minimal: 'minimal function',
  tutorial: "tutorial's function",
  functionKey: 'this service',
  oidc: 'this service, oidc',
};

const stages: [keyof ColdStart, string][] = [
  ['process', 'process'],
  ['load', 'load the app'],
  ['beforeAcsCall', 'until token call'],
  ['acsCall', 'token call'],
  ['afterAcsCall', 'answer'],
];

export function goalsOf({ steady = [], cold, memory = [] }: Results): Goal[] {
  return [...steadyGoals(steady), ...(cold === undefined ? [] : coldGoals(cold)), ...memoryGoals(memory)];
}

/** The tables and goals, for a terminal. */
export function textReport(results: Results): string {
  const { steady = [], cold, memory = [] } = results;
  return [
    results.measuredOn,
    ...steady.map(steadyTable),
    ...(cold === undefined ? [] : [coldTable(cold)]),
    ...(memory.length === 0 ? [] : [memoryTable(memory)]),
    goalTable(goalsOf(results)),
  ].join('\n\n');
}

/** The plots, by file name. */
export function plots({ steady = [], cold }: Results): Record<string, string> {
  const atOnce = steady.filter(({ delayMs }) => delayMs === 0);
  return {
    ...(atOnce.length > 0 && {
      'tokens-per-second.svg': barChart(
        steadyChart(atOnce, 'Tokens per second', 'more is better', 'tokensPerSecond'),
      ),
      'cpu-per-token.svg': barChart(
        steadyChart(atOnce, 'CPU per token', 'ms, less is better', 'cpuPerToken'),
      ),
    }),
    ...(cold !== undefined && { 'cold-start.svg': barChart(coldChart(cold)) }),
  };
}

function steadyTable(result: SteadyResult): string {
  const { delayMs, concurrency } = result;
  const upstream = delayMs === 0 ? 'ACS answers at once' : `ACS answers after ${delayMs} ms`;
  return textTable(`${upstream}, ${concurrency} concurrent`, [
    ['', 'tokens/s', 'p50 ms', 'p99 ms', 'CPU ms/token', '/ minimal', '/ tutorial'],
    ...contenders.map((name) => [
      names[name],
      shorten(figure(result, 'tokensPerSecond', name)),
      shorten(figure(result, 'p50', name)),
      shorten(figure(result, 'p99', name)),
      shorten(figure(result, 'cpuPerToken', name)),
      figure(result, 'tokensPerSecond', name, 'minimal').toFixed(2),
      figure(result, 'tokensPerSecond', name, 'tutorial').toFixed(2),
    ]),
  ]);
}

function coldTable(cold: ColdResult): string {
  return textTable('Cold start, ms', [
    ['', ...stages.map(([, label]) => label), 'specialised', '/ empty', 'spawned', '/ empty'],
    ...appNames.map((app) => [
      names[app],
      ...stages.map(([stage]) => coldFigure(cold, app, stage).toFixed(0)),
      coldFigure(cold, app, 'specialised').toFixed(0),
      timesEmpty(cold, app, 'specialised').toFixed(2),
      coldFigure(cold, app, 'spawned').toFixed(0),
      timesEmpty(cold, app, 'spawned').toFixed(2),
    ]),
  ]);
}

function memoryTable(memory: readonly MemoryResult[]): string {
  return textTable('Resident memory, MB', [
    ['', ...(memory[0]?.readings.map(({ tokens }) => `${tokens} tokens`) ?? [])],
    ...memory.map(({ app, readings }) => [
      names[app],
      ...readings.map(({ residentBytes }) => (residentBytes / 1e6).toFixed(0)),
    ]),
  ]);
}

function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ goal, measured, met }) => [met ? 'met' : 'MISSED', measured.toFixed(2), goal]);
  return textTable('Goals', [['', 'measured', 'goal'], ...rows], [0, 2]);
}

function steadyChart(
  results: readonly SteadyResult[],
  title: string,
  unit: string,
  name: 'tokensPerSecond' | 'cpuPerToken',
): BarChart {
  return {
    title,
    unit,
    parts: [title],
    groups: results.map((result) => ({
      label: `${result.concurrency} concurrent`,
      bars: contenders.map((contender) => ({
        label: names[contender],
        values: [figure(result, name, contender)],
      })),
    })),
  };
}

function coldChart(cold: ColdResult): BarChart {
  return {
    title: 'Cold start to the first token',
    unit: 'ms, less is better',
    parts: stages.map(([, label]) => label),
    groups: [
      {
        label: '',
        bars: appNames.map((app) => ({
          label: names[app],
          values: stages.map(([stage]) => coldFigure(cold, app, stage)),
        })),
      },
    ],
  };
}
