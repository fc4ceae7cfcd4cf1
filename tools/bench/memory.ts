import { measureOne, startApp, stopContender } from './steady.ts';
import type { Subjects } from './subjects.ts';

export interface MemoryResult {
  app: 'functionKey' | 'oidc';
  /** Resident bytes after so many tokens. */
  readings: { tokens: number; residentBytes: number }[];
}

/** Resident memory of the service after each number of tokens, in rising order. */
export async function measureMemory(
  subjects: Subjects,
  milestones: readonly number[],
  onProgress: (step: string) => void,
): Promise<MemoryResult[]> {
  await subjects.setDelay(0);
  const results: MemoryResult[] = [];
  for (const app of ['functionKey', 'oidc'] as const) {
    const running = await startApp(subjects.apps[app]);
    try {
      const readings: MemoryResult['readings'] = [];
      let issued = 0;
      for (const tokens of milestones) {
        onProgress(`memory of ${app}, ${tokens} tokens`);
        await measureOne(running, { concurrency: 32, seconds: 0, tokens: tokens - issued });
        issued = tokens;
        readings.push({ tokens, residentBytes: (await running.host.usage()).residentBytes });
      }
      results.push({ app, readings });
    } finally {
      await stopContender(running);
    }
  }
  return results;
}
