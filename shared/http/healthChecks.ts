import type { App } from '../app.ts';
import { withDeadline } from '../azure/deadline.ts';
import { SingleFlight } from '../azure/singleFlight.ts';
import type { CheckResult, Health } from './responseSchemas.ts';

/** A result is kept this long, failures too, so that polling costs the dependencies nothing. */
const RESULT_TTL_MS = 5000;

/** Checks every dependency at most once in 5 seconds. Issues nothing, and reads nothing that is cached. */
export function healthCheck(app: App, clock: () => number = () => performance.now()): () => Promise<Health> {
  const checks = new SingleFlight<Health>();
  let last: { health: Health; staleAt: number } | undefined;
  return async () => {
    if (last !== undefined && clock() < last.staleAt) return last.health;
    return checks.run(undefined, async () => {
      const health = await checkDependencies(app);
      last = { health, staleAt: clock() + RESULT_TTL_MS };
      return health;
    });
  };
}

async function checkDependencies(app: App): Promise<Health> {
  let dependencies;
  try {
    dependencies = app.dependencies();
  } catch {
    return { status: 'failed', checks: { settings: 'failed' } };
  }
  const { settings, checks } = dependencies;
  const results = await withDeadline(settings.deadlineMs, ({ signal }) =>
    Promise.all(
      Object.entries(checks).map(([name, check]) =>
        check(signal).then(
          (): [string, CheckResult] => [name, 'ok'],
          (): [string, CheckResult] => [name, 'failed'],
        ),
      ),
    ),
  );
  return {
    status: results.every(([, result]) => result === 'ok') ? 'ok' : 'failed',
    checks: Object.fromEntries([['settings', 'ok'], ...results]),
  };
}
