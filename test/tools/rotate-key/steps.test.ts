import { expect, test } from '@jest/globals';
import type { Deployment } from '../../../tools/rotate-key/deployment.ts';
import type { Secret } from '../../../tools/rotate-key/secret.ts';
import { type Choices, planSteps, runAgain } from '../../../tools/rotate-key/steps.ts';

const updated = new Date('2026-01-01T00:00:00Z');
const deployment = { secretTtlMs: 600_000, tokenLifetimeMs: 1440 * 60_000 } as Deployment;
const minutesLater = (minutes: number) => new Date(updated.getTime() + minutes * 60_000);

/** The steps, a word or two for each. */
function plan(secret: Partial<Secret>, choices: Partial<Choices> = {}, now = minutesLater(60)): string[] {
  return planSteps(
    { activeKey: 'primary', retiringKey: undefined, updated, ...secret },
    deployment,
    { noWait: false, keepTokens: false, ...choices },
    now,
  ).map((step) => (step.kind === 'write' ? `write ${step.activeKey}` : `${step.kind} ${step.key}`));
}

test('begins with the key that is not in use, and ends with the one that was', () => {
  expect(plan({})).toEqual([
    'regenerate secondary',
    'write secondary',
    'wait primary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('goes on with the retiring key', () => {
  expect(plan({ activeKey: 'secondary', retiringKey: 'primary' })).toEqual([
    'wait primary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('waits for nothing with noWait', () => {
  expect(plan({}, { noWait: true }, updated)).toEqual([
    'regenerate secondary',
    'write secondary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('lets a secret that was just written spread before the first change', () => {
  expect(plan({}, {}, minutesLater(10))[0]).toBe('wait secondary');
  // The cache lifetime and half a minute.
  expect(plan({}, {}, minutesLater(10.5))[0]).toBe('regenerate secondary');
});

test('leaves the retiring key with keepTokens until the last of its tokens has expired', () => {
  const secret = { activeKey: 'secondary', retiringKey: 'primary' } as const;
  const expired = 1440 + 10.5;

  expect(plan({}, { keepTokens: true })).toEqual([
    'regenerate secondary',
    'write secondary',
    'leave primary',
  ]);
  expect(plan(secret, { keepTokens: true }, minutesLater(expired - 1))).toEqual(['leave primary']);
  expect(plan(secret, { keepTokens: true }, minutesLater(expired))).toEqual([
    'regenerate primary',
    'write secondary',
  ]);
});

test('tells when the retiring key can go', () => {
  expect(runAgain('primary', { activeKey: 'secondary', retiringKey: 'primary', updated }, deployment)).toBe(
    'Run this again after 2026-01-02T00:10:30.000Z to regenerate the primary key.',
  );
});
