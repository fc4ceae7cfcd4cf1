import { expect, test } from '@jest/globals';
import {
  burstCapacity,
  longestWait,
  peak,
  secondsUntilServed,
  simulate,
  steadyCapacity,
} from '../../../tools/simulate/demand.ts';

const launch = { users: 1_000_000, arrivalMinutes: 10, lifetimeHours: 24, spreadPercent: 0 };
const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

test('requests one token for each user on the first day', () => {
  const { requested } = simulate(launch, Infinity, 0.5);

  expect(total(requested)).toBeCloseTo(1_000_000);
});

test('repeats the wave of a launch a day later, ten minutes ahead of expiry, when expiry is not spread', () => {
  const demand = simulate(launch, Infinity, 2);

  const renewals = demand.requested.map((count, step) => ({ count, step })).filter(({ count }) => count > 1);
  expect(peak(demand, 0.5, 2)).toBeCloseTo(peak(demand, 0, 0.5));
  expect(renewals.find(({ step }) => step > 20)?.step).toBe((24 * 60 - 10) * 2);
});

test('spreads the renewals over a tenth of the lifetime and loses none', () => {
  const demand = simulate({ ...launch, spreadPercent: 10 }, Infinity, 1.5);

  expect(total(demand.requested)).toBeCloseTo(2_000_000);
  expect(peak(demand, 0, 0.5) / peak(demand, 0.5, 1.5)).toBeGreaterThan(14);
});

test('lets users wait who find the limit used up', () => {
  const population = { ...launch, users: 22_000 };

  const { waiting } = simulate(population, 1000, 1);

  expect(Math.max(...waiting)).toBeCloseTo(2000);
  expect(longestWait({ requested: [], waiting }, 1000)).toBeCloseTo(60);
});

test('reports a queue that never empties as an endless wait', () => {
  const population = { users: 1_000_000, arrivalMinutes: 10, lifetimeHours: 1, spreadPercent: 0 };

  expect(longestWait(simulate(population, 1000, 3), 1000)).toBe(Infinity);
});

test('serves a launch no faster than its users arrive and no faster than the limit', () => {
  expect(secondsUntilServed({ ...launch, users: 10 }, 1000)).toBe(600);
  expect(secondsUntilServed(launch, 1000)).toBe(30_000);
});

test('finds the capacity that the limit, the window and the wait make', () => {
  const burst = burstCapacity({ arrivalMinutes: 10, lifetimeHours: 24, spreadPercent: 10 }, 1000, 60);

  expect(Math.round(burst / 100)).toBe(220);
});

test.each([
  // 1000 tokens in 30 s, and 50 minutes from token to token.
  [1, 0, 100_000],
  // 23 hours and 50 minutes from token to token.
  [24, 0, 2_860_000],
  // 5% less on average than 24 hours, less ten minutes.
  [24, 10, 2_716_000],
  // A lifetime is never cut below an hour.
  [1, 50, 100_000],
])('carries, with tokens of %d h and a spread of %d%%, %d users', (lifetimeHours, spreadPercent, users) => {
  expect(steadyCapacity({ lifetimeHours, spreadPercent }, 1000)).toBeCloseTo(users);
});
