import { AsyncLocalStorage } from 'node:async_hooks';
import { type Deadline, withDeadline } from '../../../shared/azure/deadline.ts';

/** A deadline that a test starts and ends itself. */
export interface OpenDeadline extends Deadline {
  /** Runs code under the deadline. */
  run: <T>(work: () => T) => T;
  end(): void;
}

export function openDeadline(milliseconds: number): OpenDeadline {
  const ended = Promise.withResolvers<undefined>();
  let open: OpenDeadline | undefined;
  void withDeadline(milliseconds, (deadline) => {
    const run = AsyncLocalStorage.snapshot() as OpenDeadline['run'];
    open = Object.assign(deadline, {
      run,
      end: () => {
        ended.resolve(undefined);
      },
    });
    return ended.promise;
  });
  if (open === undefined) throw new Error('The work did not start.');
  return open;
}

/** The same object; each method runs under the current deadline. */
export function underDeadline<T extends object>(target: T, deadline: () => OpenDeadline): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => deadline().run(() => Reflect.apply(value, object, args) as unknown);
    },
  });
}
