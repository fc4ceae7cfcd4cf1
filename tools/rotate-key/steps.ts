import type { Deployment } from './deployment.ts';
import { type KeyName, otherKey, type Secret } from './secret.ts';

/** One step of a rotation; what is left of one follows from the secret alone. */
export type Step =
  /** Until no instance holds the key any more. */
  | { kind: 'wait'; key: KeyName }
  | { kind: 'regenerate'; key: KeyName }
  | { kind: 'write'; activeKey: KeyName; retiringKey: KeyName | undefined }
  /** The key stays until another run. */
  | { kind: 'leave'; key: KeyName };

export interface Choices {
  /** The key has leaked: instances that still hold it read the secret again when ACS refuses it. */
  noWait: boolean;
  /** Regenerating a key revokes its tokens: leave it until they have expired. */
  keepTokens: boolean;
}

/** A read that began before the secret was written ends later, and clocks differ. */
const MARGIN_MS = 30_000;

/** When every instance has read the secret again since it was written. */
export function unheldFrom({ updated }: Secret, { secretTtlMs }: Deployment): Date {
  return new Date(updated.getTime() + secretTtlMs + Math.min(MARGIN_MS, secretTtlMs));
}

/** When the last token made before the secret was written has expired. */
function tokensExpiredFrom(secret: Secret, deployment: Deployment): Date {
  return new Date(unheldFrom(secret, deployment).getTime() + deployment.tokenLifetimeMs);
}

/** The steps that are left, in their order. Each may be repeated, and the run may end after any of them. */
export function planSteps(
  secret: Secret,
  deployment: Deployment,
  { noWait, keepTokens }: Choices,
  now: Date,
): Step[] {
  const wait = (key: KeyName): Step[] => (noWait ? [] : [{ kind: 'wait', key }]);
  const finish = (key: KeyName): Step[] => [
    { kind: 'regenerate', key },
    { kind: 'write', activeKey: otherKey(key), retiringKey: undefined },
  ];
  const { activeKey, retiringKey } = secret;

  if (retiringKey !== undefined) {
    if (!keepTokens) return [...wait(retiringKey), ...finish(retiringKey)];
    const expired = tokensExpiredFrom(secret, deployment) <= now;
    return expired ? finish(retiringKey) : [{ kind: 'leave', key: retiringKey }];
  }
  const inactiveKey = otherKey(activeKey);
  return [
    // A redeployment of everything may just have put the other key into the secret.
    ...(unheldFrom(secret, deployment) > now ? wait(inactiveKey) : []),
    { kind: 'regenerate', key: inactiveKey },
    { kind: 'write', activeKey: inactiveKey, retiringKey: activeKey },
    ...(keepTokens
      ? [{ kind: 'leave', key: activeKey } as const]
      : [...wait(activeKey), ...finish(activeKey)]),
  ];
}

/** What a step does, in one sentence. */
export function describe(step: Step, { secretTtlMs }: Deployment): string {
  switch (step.kind) {
    case 'wait':
      return `Wait until no instance holds the ${step.key} key: ${secretTtlMs / 1000} seconds, and a little more, after the secret was written.`;
    case 'regenerate':
      return `Regenerate the ${step.key} key, which the secret does not hold. Tokens made with it stop being valid.`;
    case 'write':
      return step.retiringKey === undefined
        ? `Write the secret once more, no key retiring.`
        : `Write the secret with the ${step.activeKey} key, and note in its tags that the ${step.retiringKey} key is retiring.`;
    case 'leave':
      return `Leave the ${step.key} key, and the tokens made with it, until these have expired.`;
  }
}

/** When a key that was left can go without a valid token going with it. */
export function runAgain(key: KeyName, secret: Secret, deployment: Deployment): string {
  return `Run this again after ${tokensExpiredFrom(secret, deployment).toISOString()} to regenerate the ${key} key.`;
}
