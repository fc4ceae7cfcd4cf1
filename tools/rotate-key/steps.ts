import type { DeployedService } from './deployedService.ts';
import { type KeyName, otherKey, type Secret } from './secret.ts';

/** One step of a rotation. The remaining steps follow from the secret alone. */
export type Step =
  /** Until no instance has the key in its cache. */
  | { kind: 'wait'; key: KeyName }
  | { kind: 'regenerate'; key: KeyName }
  | { kind: 'write'; activeKey: KeyName; retiringKey: KeyName | undefined }
  /** The key stays valid; a later run regenerates it. */
  | { kind: 'keep'; key: KeyName };

export interface RotationOptions {
  /** For a leaked key. An instance with a cached key reads the secret again when ACS rejects the key. */
  noWait: boolean;
  /** Regenerating a key revokes its tokens: keep it until they expire. */
  keepTokens: boolean;
}

/** For reads that were in progress when the secret was written, and for clocks that differ. */
const MARGIN_MS = 30_000;

/** When no instance has an older secret in its cache. */
export function cachesExpireAt({ updated }: Secret, { secretTtlMs }: DeployedService): Date {
  return new Date(updated.getTime() + secretTtlMs + Math.min(MARGIN_MS, secretTtlMs));
}

/** When the last token issued with the previous key has expired. */
function tokensExpireAt(secret: Secret, service: DeployedService): Date {
  return new Date(cachesExpireAt(secret, service).getTime() + service.tokenLifetimeMs);
}

/** The remaining steps, in order. Each can be repeated, and the run can end after any of them. */
export function planSteps(
  secret: Secret,
  service: DeployedService,
  { noWait, keepTokens }: RotationOptions,
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
    const expired = tokensExpireAt(secret, service) <= now;
    return expired ? finish(retiringKey) : [{ kind: 'keep', key: retiringKey }];
  }
  const inactiveKey = otherKey(activeKey);
  return [
    // A deployment of the templates may just have replaced the inactive key in the secret.
    ...(cachesExpireAt(secret, service) > now ? wait(inactiveKey) : []),
    { kind: 'regenerate', key: inactiveKey },
    { kind: 'write', activeKey: inactiveKey, retiringKey: activeKey },
    ...(keepTokens
      ? [{ kind: 'keep', key: activeKey } as const]
      : [...wait(activeKey), ...finish(activeKey)]),
  ];
}

/** One sentence for people. */
export function describeStep(step: Step, { secretTtlMs }: DeployedService): string {
  switch (step.kind) {
    case 'wait':
      return `Wait until no instance has the ${step.key} key in its cache: ${secretTtlMs / 1000} seconds and a margin after the secret was written.`;
    case 'regenerate':
      return `Regenerate the ${step.key} key, which is not in use. This revokes the tokens issued with it.`;
    case 'write':
      return step.retiringKey === undefined
        ? `Write the secret again, without the tag retiringKey.`
        : `Write the ${step.activeKey} key into the secret, and tag the ${step.retiringKey} key as retiring.`;
    case 'keep':
      return `Keep the ${step.key} key until the tokens issued with it have expired.`;
  }
}

/** Says when a kept key can be regenerated without revoking a valid token. */
export function nextRunMessage(key: KeyName, secret: Secret, service: DeployedService): string {
  return `Run the same command again after ${tokensExpireAt(secret, service).toISOString()} to regenerate the ${key} key.`;
}
