import { expect, test } from '@jest/globals';
import type { DeployedService } from '../../../tools/rotate-key/deployedService.ts';
import type { Secret } from '../../../tools/rotate-key/secret.ts';
import { type RotationOptions, planSteps, nextRunMessage } from '../../../tools/rotate-key/steps.ts';

const updated = new Date('2026-01-01T00:00:00Z');
const service = { secretTtlMs: 600_000, tokenLifetimeMs: 1440 * 60_000 } as DeployedService;
const minutesLater = (minutes: number) => new Date(updated.getTime() + minutes * 60_000);

/** A short name for each step. */
function plan(
  secret: Partial<Secret>,
  options: Partial<RotationOptions> = {},
  now = minutesLater(60),
): string[] {
  return planSteps(
    { activeKey: 'primary', retiringKey: undefined, updated, ...secret },
    service,
    { noWait: false, keepTokens: false, ...options },
    now,
  ).map((step) => (step.kind === 'write' ? `write ${step.activeKey}` : `${step.kind} ${step.key}`));
}

test('regenerates the inactive key first, then the key that was active', () => {
  expect(plan({})).toEqual([
    'regenerate secondary',
    'write secondary',
    'wait primary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('continues with the retiring key', () => {
  expect(plan({ activeKey: 'secondary', retiringKey: 'primary' })).toEqual([
    'wait primary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('noWait: does not wait', () => {
  expect(plan({}, { noWait: true }, updated)).toEqual([
    'regenerate secondary',
    'write secondary',
    'regenerate primary',
    'write secondary',
  ]);
});

test('waits for the caches first when the secret was just written', () => {
  expect(plan({}, {}, minutesLater(10))[0]).toBe('wait secondary');
  // The cache lifetime and half a minute.
  expect(plan({}, {}, minutesLater(10.5))[0]).toBe('regenerate secondary');
});

test('keepTokens: keeps the retiring key until its last token has expired', () => {
  const secret = { activeKey: 'secondary', retiringKey: 'primary' } as const;
  const expired = 1440 + 10.5;

  expect(plan({}, { keepTokens: true })).toEqual(['regenerate secondary', 'write secondary', 'keep primary']);
  expect(plan(secret, { keepTokens: true }, minutesLater(expired - 1))).toEqual(['keep primary']);
  expect(plan(secret, { keepTokens: true }, minutesLater(expired))).toEqual([
    'regenerate primary',
    'write secondary',
  ]);
});

test('says when the retiring key can be regenerated', () => {
  expect(
    nextRunMessage('primary', { activeKey: 'secondary', retiringKey: 'primary', updated }, service),
  ).toBe('Run the same command again after 2026-01-02T00:10:30.000Z to regenerate the primary key.');
});
