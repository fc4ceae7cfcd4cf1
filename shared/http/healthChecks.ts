import type { App } from '../app.ts';
import { withDeadline } from '../azure/deadline.ts';

type CheckResult = 'ok' | 'failed';

/** The body of the health response: the state of each dependency, and nothing more. */
export interface Health {
  status: CheckResult;
  checks: Record<string, CheckResult>;
}

/** Checks every dependency. Issues nothing, and reads nothing that is cached. */
export async function checkHealth(app: App): Promise<Health> {
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
