import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ask, stopProcess } from './childProcess.ts';
import type { ColdTrace, Specialisation } from './coldHost.ts';
import { median } from './figures.ts';
import { type AppName, appNames, type FunctionApp, type Subjects } from './subjects.ts';
import { tokenSource } from './tokenSources.ts';

/** One start of an app, each time in milliseconds. */
export interface ColdStart {
  /** A new process until it waits for an app. */
  process: number;
  /** The app's code is loaded, its functions are registered, and the host listens. */
  load: number;
  /** From the first request until the app calls for the token; all of it when the app calls nothing. */
  beforeAcsCall: number;
  /** The call for the token. */
  acsCall: number;
  /** After that call. */
  afterAcsCall: number;
  /** From the app's load to the answer of its first request. */
  specialised: number;
  /** From the start of the process to the answer of its first request. */
  spawned: number;
}

export type ColdResult = Record<AppName, ColdStart[]>;

/** Starts every app in every repeat, so that a busy moment hits no single one. */
export async function measureCold(
  subjects: Subjects,
  repeats: number,
  onProgress: (step: string) => void,
): Promise<ColdResult> {
  await subjects.setDelay(0);
  const result: ColdResult = { empty: [], minimal: [], tutorial: [], functionKey: [], oidc: [] };
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    onProgress(`cold starts, repeat ${repeat} of ${repeats}`);
    for (const name of appNames) result[name].push(await startOnce(subjects.apps[name]));
  }
  return result;
}

export function coldFigure(result: ColdResult, app: AppName, stage: keyof ColdStart): number {
  return median(result[app].map((start) => start[stage]));
}

/** How many times as long as the empty function, in the same repeat; the median. */
export function timesEmpty(result: ColdResult, app: AppName, stage: 'specialised' | 'spawned'): number {
  return median(result[app].map((start, repeat) => start[stage] / (result.empty[repeat]?.[stage] ?? NaN)));
}

async function startOnce({ folder, env, bearers }: FunctionApp): Promise<ColdStart> {
  const spawnedAt = now();
  const child = fork(join(import.meta.dirname, 'coldHost.ts'), {
    // Node reads the certificates of the emulators when it starts.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] ?? '' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await ask(child);
    const waitingAt = now();
    const url = await ask<string>(child, { folder, env } satisfies Specialisation);
    const requestedAt = now();
    await tokenSource({ kind: 'service', url, ...(bearers && { bearers }) }, 1)();
    const answeredAt = now();
    const { listeningAt, calls } = await ask<ColdTrace>(child, 'trace');
    const acs = calls.find(({ path }) => path.includes('/identities/'));
    return {
      process: waitingAt - spawnedAt,
      load: listeningAt - waitingAt,
      beforeAcsCall: (acs?.startedAt ?? answeredAt) - requestedAt,
      acsCall: acs === undefined ? 0 : acs.endedAt - acs.startedAt,
      afterAcsCall: acs === undefined ? 0 : answeredAt - acs.endedAt,
      specialised: answeredAt - waitingAt,
      spawned: answeredAt - spawnedAt,
    };
  } finally {
    await stopProcess(child);
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
