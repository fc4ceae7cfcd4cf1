import { expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { abortable, currentDeadline, timeoutError, withDeadline } from '../../../shared/azure/deadline.ts';
import { openDeadline } from '../support/deadline.ts';

const never = new Promise<never>(() => undefined);

test('a deadline aborts when the time is up, and nothing is left then', async () => {
  const deadline = openDeadline(20);

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
  const ended = openDeadline(5);
  const later = openDeadline(50);

  ended.end();
  await expect(abortable(later.signal, never)).rejects.toMatchObject({ code: 'upstream_timeout' });

  expect(ended.signal.aborted).toBe(false);
  expect(ended.remainingMs()).toBe(0);
});

test('code sees the deadline that it runs under, after awaits too, and no other', async () => {
  const seen = await Promise.all(
    [1000, 2000].map((milliseconds) =>
      withDeadline(milliseconds, async (deadline) => {
        await new Promise(setImmediate);
        return currentDeadline() === deadline;
      }),
    ),
  );

  expect(seen).toEqual([true, true]);
  expect(currentDeadline()).toBeUndefined();
});

test('an inner deadline replaces the outer one while it runs', async () => {
  await withDeadline(1000, async (outer) => {
    const inner = await withDeadline(2000, async (deadline) => {
      await new Promise(setImmediate);
      return currentDeadline() === deadline;
    });

    expect(inner).toBe(true);
    expect(currentDeadline()).toBe(outer);
  });
});

test('work that ends in time gives its value', async () => {
  const value = await abortable(AbortSignal.timeout(1000), Promise.resolve('value'));

  expect(value).toBe('value');
});

test('work that fails in time fails as it did', async () => {
  const failure = new Error('failed');

  const work = abortable(AbortSignal.timeout(1000), Promise.reject(failure));

  await expect(work).rejects.toBe(failure);
});

test('work that takes too long is waited for no longer', async () => {
  const work = abortable(AbortSignal.timeout(10), never);

  await expect(work).rejects.toMatchObject({ name: 'ServiceError', code: 'upstream_timeout' });
});

test('work is not waited for when the time was up before', async () => {
  const work = abortable(AbortSignal.abort(), never);

  await expect(work).rejects.toMatchObject({ name: 'ServiceError', code: 'upstream_timeout' });
});

test('work that fails after the time was up is nobody’s unhandled rejection', async () => {
  const work = Promise.withResolvers<never>();
  const unhandled: unknown[] = [];
  const collect = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', collect);

  await expect(abortable(AbortSignal.abort(), work.promise)).rejects.toMatchObject({
    code: 'upstream_timeout',
  });
  work.reject(new Error('too late'));
  await new Promise(setImmediate);

  expect(unhandled).toEqual([]);
  process.off('unhandledRejection', collect);
});

test('one signal may wait for any amount of work without keeping it', async () => {
  const deadline = openDeadline(1000);

  await Promise.all(Array.from({ length: 100 }, (_, at) => abortable(deadline.signal, Promise.resolve(at))));

  expect(getEventListeners(deadline.signal, 'abort')).toHaveLength(0);
  deadline.end();
});

test('a timeout keeps its cause', () => {
  const cause = new Error('aborted');

  const fault = timeoutError(cause);

  expect(fault).toMatchObject({ code: 'upstream_timeout', cause, retryAfterSeconds: undefined });
});
