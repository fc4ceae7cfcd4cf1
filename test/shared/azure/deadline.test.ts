import { expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { deadlineOf, startDeadline, timedOut, within } from '../../../shared/azure/deadline.ts';

const never = new Promise<never>(() => undefined);

test('a deadline aborts when the time is up, and nothing is left then', async () => {
  const deadline = startDeadline(20);

  const aborted = new Promise((resolve) => {
    deadline.signal.addEventListener('abort', resolve);
  });
  const atStart = deadline.remainingMs();
  await aborted;

  expect(atStart).toBeGreaterThan(0);
  expect(atStart).toBeLessThanOrEqual(20);
  // Timers may fire a fraction of a millisecond early.
  expect(deadline.remainingMs()).toBeLessThan(2);
  expect(deadline.remainingMs()).toBeGreaterThanOrEqual(0);
});

test('a deadline that is ended never aborts', async () => {
  const ended = startDeadline(5);
  const later = startDeadline(50);

  ended.end();
  await expect(within(later.signal, never)).rejects.toMatchObject({ code: 'upstream_timeout' });

  expect(ended.signal.aborted).toBe(false);
  expect(ended.remainingMs()).toBe(0);
});

test('a signal leads to its deadline, and only its own', () => {
  const deadline = startDeadline(1000);
  const other = startDeadline(1000);

  const found = [deadline.signal, other.signal, new AbortController().signal, undefined, {}].map(deadlineOf);

  expect(found).toEqual([deadline, other, undefined, undefined, undefined]);
  expect(found[0]).toBe(deadline);
  deadline.end();
  other.end();
});

test('work that ends in time gives its value', async () => {
  const value = await within(AbortSignal.timeout(1000), Promise.resolve('value'));

  expect(value).toBe('value');
});

test('work that fails in time fails as it did', async () => {
  const failure = new Error('failed');

  const work = within(AbortSignal.timeout(1000), Promise.reject(failure));

  await expect(work).rejects.toBe(failure);
});

test('work that takes too long is waited for no longer', async () => {
  const work = within(AbortSignal.timeout(10), never);

  await expect(work).rejects.toMatchObject({ name: 'Fault', code: 'upstream_timeout' });
});

test('work is not waited for when the time was up before', async () => {
  const work = within(AbortSignal.abort(), never);

  await expect(work).rejects.toMatchObject({ name: 'Fault', code: 'upstream_timeout' });
});

test('work that fails after the time was up is nobody’s unhandled rejection', async () => {
  const work = Promise.withResolvers<never>();
  const unhandled: unknown[] = [];
  const collect = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', collect);

  await expect(within(AbortSignal.abort(), work.promise)).rejects.toMatchObject({ code: 'upstream_timeout' });
  work.reject(new Error('too late'));
  await new Promise(setImmediate);

  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', collect);
});

test('one signal may wait for any amount of work without keeping it', async () => {
  const deadline = startDeadline(1000);

  await Promise.all(Array.from({ length: 100 }, (_, at) => within(deadline.signal, Promise.resolve(at))));

  expect(getEventListeners(deadline.signal, 'abort')).toHaveLength(0);
  deadline.end();
});

test('a timeout keeps its cause', () => {
  const cause = new Error('aborted');

  const fault = timedOut(cause);

  expect(fault).toMatchObject({ code: 'upstream_timeout', cause, retryAfterSeconds: undefined });
});
