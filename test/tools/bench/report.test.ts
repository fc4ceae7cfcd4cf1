import { expect, test } from '@jest/globals';
import { median, percentile } from '../../../tools/bench/figures.ts';
import { goalsOf, plots, type Results, textReport } from '../../../tools/bench/report.ts';
import type { SteadyResult } from '../../../tools/bench/steady.ts';

const run = (tokensPerSecond: number, cpuPerToken: number) => ({
  tokensPerSecond,
  cpuPerToken,
  p50: 1,
  p99: 2,
});

/** Slower than the tutorial's function in one repeat of three, and dearer than a minimal one in all. */
const steady: SteadyResult = {
  delayMs: 0,
  concurrency: 32,
  runs: {
    signedRequest: [run(8000, 0.1), run(8000, 0.1), run(8000, 0.1)],
    sdk: [run(4000, 0.2), run(4000, 0.2), run(4000, 0.2)],
    minimal: [run(1000, 0.5), run(1000, 0.5), run(500, 0.5)],
    tutorial: [run(900, 0.6), run(900, 0.6), run(450, 0.6)],
    functionKey: [run(950, 0.6), run(800, 0.6), run(475, 0.6)],
    oidc: [run(600, 0.9), run(600, 0.9), run(300, 0.9)],
  },
};
const results: Results = { measuredOn: 'Measured on a test', steady: [steady] };

test('takes ratios within a repeat, and the median over the repeats', () => {
  const goals = goalsOf(results);

  expect(goals.map(({ measured }) => Number(measured.toFixed(3)))).toEqual([1.056, 0.95, 1.2, 0.632]);
});

test('prints a goal that is missed as missed', () => {
  const report = textReport(results);

  expect(report).toMatch(/met +1\.06 +at least 1: tokens per second beside the tutorial/);
  expect(report).toMatch(/MISSED +1\.20 +at most 1\.1: CPU per token beside a minimal function/);
});

test('draws every contender into the plot', () => {
  const plot = plots(results)['tokens-per-second.svg'];

  expect(plot?.match(/<rect x=/g)).toHaveLength(6);
  expect(plot).toContain('>800<');
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('the 99th percentile of 1 to 200 is 198', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);

  expect(percentile(values, 0.99)).toBe(198);
});
