import { expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { abortable, currentDeadline, timeoutError, withDeadline } from '../../../shared/azure/deadline.ts';
import { openDeadline } from '../support/openDeadline.ts';

const never = new Promise<never>(() => undefined);

test('a deadline aborts when the time is up, and no time is left then', async () => {
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

test('a deadline does not abort after the work has ended', async () => {
  const ended = openDeadline(5);
  const later = openDeadline(50);

  ended.end();
  await expect(abortable(later.signal, never)).rejects.toMatchObject({ code: 'upstream_timeout' });

  expect(ended.signal.aborted).toBe(false);
  expect(ended.remainingMs()).toBe(0);
});

test('currentDeadline returns the deadline of the running code, also after an await', async () => {
  const isCurrent = await Promise.all(
    [1000, 2000].map((milliseconds) =>
      withDeadline(milliseconds, async (deadline) => {
        await new Promise(setImmediate);
        return currentDeadline() === deadline;
      }),
    ),
  );

  expect(isCurrent).toEqual([true, true]);
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

test('abortable returns the value of work that ends in time', async () => {
  const value = await abortable(AbortSignal.timeout(1000), Promise.resolve('value'));

  expect(value).toBe('value');
});

test('abortable rejects with the error of work that fails in time', async () => {
  const failure = new Error('failed');

  const work = abortable(AbortSignal.timeout(1000), Promise.reject(failure));

  await expect(work).rejects.toBe(failure);
});

test('abortable rejects with upstream_timeout when the signal aborts', async () => {
  const work = abortable(AbortSignal.timeout(10), never);

  await expect(work).rejects.toMatchObject({ name: 'ServiceError', code: 'upstream_timeout' });
});

test('abortable rejects with upstream_timeout when the signal is already aborted', async () => {
  const work = abortable(AbortSignal.abort(), never);

  await expect(work).rejects.toMatchObject({ name: 'ServiceError', code: 'upstream_timeout' });
});

test('work that fails after the timeout causes no unhandled rejection', async () => {
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

test('abortable removes its listeners from the signal', async () => {
  const deadline = openDeadline(1000);

  await Promise.all(Array.from({ length: 100 }, (_, at) => abortable(deadline.signal, Promise.resolve(at))));

  expect(getEventListeners(deadline.signal, 'abort')).toHaveLength(0);
  deadline.end();
});

test('the timeout error keeps its cause', () => {
  const cause = new Error('aborted');

  const error = timeoutError(cause);

  expect(error).toMatchObject({ code: 'upstream_timeout', cause, retryAfterSeconds: 2 });
});
