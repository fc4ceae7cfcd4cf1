import { AsyncLocalStorage } from 'node:async_hooks';
import { ServiceError } from '../errors.ts';

/** The time that a request has left, and what it has spent upstream. */
export interface Deadline {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal;
  /** Milliseconds left, 0 when the time is up. */
  remainingMs(): number;
  /** HTTP requests sent to Communication Services so far, retries included. */
  upstreamCalls: number;
}

/** `Retry-After` of a request that did not complete in time. */
const RETRY_AFTER_SECONDS = 2;

const current = new AsyncLocalStorage<Deadline>();

/**
 * Runs `work` under a deadline. Azure SDK pipelines hand their policies no context of ours, so the policies
 * read it with `currentDeadline`.
 */
export async function withDeadline<T>(
  milliseconds: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const expiry = performance.now() + milliseconds;
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort();
  }, milliseconds);
  const deadline: Deadline = {
    signal: controller.signal,
    remainingMs: () => Math.max(0, expiry - performance.now()),
    upstreamCalls: 0,
  };
  try {
    return await current.run(deadline, () => work(deadline));
  } finally {
    clearTimeout(timer);
  }
}

/** The deadline that the calling code runs under. */
export function currentDeadline(): Deadline | undefined {
  return current.getStore();
}

/** Waits for shared work until the signal aborts; the work itself goes on. Throws `upstream_timeout`. */
export async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(timeoutError());
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export function timeoutError(cause?: unknown): ServiceError {
  return new ServiceError('upstream_timeout', 'The request did not complete in time. Try again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
