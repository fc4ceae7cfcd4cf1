import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { retryAfterSeconds } from '../../../shared/azure/retryAfter.ts';

function read(value: string): number | undefined {
  return retryAfterSeconds({ headers: createHttpHeaders({ 'Retry-After': value }) });
}

/** An HTTP date, which has whole seconds. */
function httpDate(millisecondsFromNow: number): string {
  return new Date(Date.now() + millisecondsFromNow).toUTCString();
}

test.each([
  ['0', 0],
  ['1', 1],
  [' 30 ', 30],
  ['007', 7],
  ['999999999', 999_999_999],
])('reads %j as seconds', (value, expected) => {
  const seconds = read(value);

  expect(seconds).toBe(expected);
});

test('converts a date to the seconds until then', () => {
  const seconds = read(httpDate(90_000));

  expect(seconds).toBeGreaterThanOrEqual(88);
  expect(seconds).toBeLessThanOrEqual(90);
});

test('returns 0 for a date in the past', () => {
  const seconds = [read(httpDate(-60_000)), read('Sun, 06 Nov 1994 08:49:37 GMT')];

  expect(seconds).toEqual([0, 0]);
});

test.each([
  '',
  ' ',
  '-1',
  '-5',
  '+5',
  '1.5',
  '1,5',
  '5, 5',
  '5s',
  '1e3',
  '0x10',
  'soon',
  'in 2 seconds',
  'NaN',
  'Infinity',
  '99999999999999999999',
  '2001-02-03',
  'Sun, 99 Nov 1994 08:49:37 GMT',
  '1994-11-06T08:49:37Z',
  'Sun Nov  6 08:49:37 1994',
])('ignores %j', (value) => {
  const seconds = read(value);

  expect(seconds).toBeUndefined();
});

test('returns undefined without a header or a response', () => {
  const seconds = [retryAfterSeconds({ headers: createHttpHeaders() }), retryAfterSeconds(undefined)];

  expect(seconds).toEqual([undefined, undefined]);
});

test('returns whole seconds or undefined for any text', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.date().map(String),
  );

  fc.assert(
    fc.property(value, (text) => {
      const seconds = retryAfterSeconds({ headers: { get: () => text } as never });

      expect(seconds === undefined || (Number.isSafeInteger(seconds) && seconds >= 0)).toBe(true);
    }),
  );
});
