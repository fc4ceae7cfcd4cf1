import { startDeadline } from '../azure/deadline.ts';
import type { Service } from '../app.ts';

type CheckResult = 'ok' | 'failed';

/** The body of the health answer: which dependency is there, and nothing more. */
export interface Health {
  status: CheckResult;
  checks: Record<string, CheckResult>;
}

/** Asks what the service depends on. Mints nothing; what is cached is not asked for again. */
export async function checkHealth(service: Service): Promise<Health> {
  let parts;
  try {
    parts = service.parts();
  } catch {
    return { status: 'failed', checks: { settings: 'failed' } };
  }
  const deadline = startDeadline(parts.settings.deadlineMs);
  const results = await Promise.all(
    Object.entries(parts.checks).map(async ([name, check]): Promise<[string, CheckResult]> => {
      const present = await check(deadline.signal).then(
        () => true,
        () => false,
      );
      return [name, present ? 'ok' : 'failed'];
    }),
  );
  deadline.end();
  const checks = Object.fromEntries([['settings', 'ok'], ...results]) as Health['checks'];
  return { status: results.every(([, result]) => result === 'ok') ? 'ok' : 'failed', checks };
}
