import { expect, test } from '@jest/globals';
import { formatExpiry } from '../../../local/acs/expiryTime.ts';

const time = Date.UTC(2023, 9, 19, 15, 34, 15, 501);

test.each([
  [time, 629, '2023-10-19T15:34:15.5010629+00:00'],
  [time, 6000, '2023-10-19T15:34:15.5016+00:00'],
  [time, 0, '2023-10-19T15:34:15.501+00:00'],
  [time - 1, 0, '2023-10-19T15:34:15.5+00:00'],
  [time - 501, 0, '2023-10-19T15:34:15+00:00'],
  [time - 15_501, 0, '2023-10-19T15:34:00+00:00'],
])('writes %d ms and %d ticks without trailing zeros', (milliseconds, ticks, text) => {
  expect(formatExpiry(milliseconds, ticks)).toBe(text);
});
