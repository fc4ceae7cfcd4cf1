import { expect, test } from '@jest/globals';
import { lazy, SingleFlight } from '../../../shared/azure/singleFlight.ts';

test('concurrent callers with the same key share one run', async () => {
  const flight = new SingleFlight<number, string>();
  let runs = 0;
  const work = () => Promise.resolve((runs += 1));

  const together = await Promise.all([flight.run('a', work), flight.run('a', work), flight.run('b', work)]);
  const later = await flight.run('a', work);

  expect(together).toEqual([1, 1, 2]);
  expect(later).toBe(3);
  expect(flight.inProgress('a')).toBeUndefined();
});

test('concurrent callers share a failure, and the next one runs again', async () => {
  const flight = new SingleFlight<string>();
  const failing = () => Promise.reject(new Error('failed'));

  const together = await Promise.allSettled([flight.run(undefined, failing), flight.run(undefined, failing)]);
  const later = await flight.run(undefined, () => Promise.resolve('value'));

  expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(later).toBe('value');
});

test('lazy opens once, and again after a failure', async () => {
  let attempts = 0;
  const open = lazy(() => {
    attempts += 1;
    return attempts === 1 ? Promise.reject(new Error('failed')) : Promise.resolve(attempts);
  });

  await expect(open()).rejects.toThrow('failed');
  const opened = await Promise.all([open(), open()]);

  expect([...opened, await open()]).toEqual([2, 2, 2]);
});
