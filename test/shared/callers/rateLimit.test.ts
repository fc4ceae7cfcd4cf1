import { beforeEach, expect, test } from '@jest/globals';
import type { Caller } from '../../../shared/callers/caller.ts';
import { createRateLimit, type RateLimit } from '../../../shared/callers/rateLimit.ts';

let now: number;
let limit: RateLimit;
beforeEach(() => {
  now = 5000;
  limit = createRateLimit(2, () => now);
});

const user = (subject: string): Caller => ({ kind: 'user', subject });

/** Sends requests of a user. Returns how many the limit lets through. */
function send(subject: string, requests: number): number {
  let accepted = 0;
  for (let sent = 0; sent < requests; sent += 1) {
    try {
      limit(user(subject));
      accepted += 1;
    } catch {
      // Over the limit.
    }
  }
  return accepted;
}

test('lets each user send so many requests in a minute', () => {
  expect([send('alice', 3), send('bob', 3)]).toEqual([2, 2]);
});

test('rejects further requests with the time until the minute is over', () => {
  send('alice', 2);
  now += 12_500;

  expect(() => {
    limit(user('alice'));
  }).toThrow(expect.objectContaining({ code: 'too_many_requests', retryAfterSeconds: 48 }));
});

test('counts from the first request of the minute', () => {
  send('alice', 1);
  now += 59_999;
  expect(send('alice', 5)).toBe(1);
  now += 1;
  expect(send('alice', 5)).toBe(2);
});

test('has no limit for services', () => {
  for (let sent = 0; sent < 10; sent += 1) limit({ kind: 'service', subject: 'backend' });
});

test('0 switches it off', () => {
  limit = createRateLimit(0, () => now);

  expect(send('alice', 1000)).toBe(1000);
});

test('remembers 100,000 users, and forgets the earliest ones first', () => {
  send('first', 2);
  send('second', 2);
  for (let index = 0; index < 99_999; index += 1) send(`user ${index}`, 1);

  expect([send('second', 1), send('first', 1)]).toEqual([0, 1]);
});

test('a user whose minute is over does not end the minute of others', () => {
  send('alice', 2);
  now += 30_000;
  send('bob', 2);
  now += 30_000;

  expect([send('alice', 2), send('bob', 1)]).toEqual([2, 0]);
});

test('a user who comes back is the latest again, and is not forgotten before the others', () => {
  send('alice', 1);
  now += 1000;
  send('bob', 2);
  now += 59_000;
  send('alice', 2);
  for (let index = 0; index < 99_999; index += 1) send(`user ${index}`, 1);

  expect([send('alice', 1), send('bob', 1)]).toEqual([0, 1]);
});
