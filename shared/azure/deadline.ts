import { Fault } from '../errors.ts';

/** What is left of a request's time, and what it has spent upstream. */
export interface Deadline {
  /** Aborts when the time is up. */
  signal: AbortSignal;
  /** Milliseconds left, 0 when the time is up. */
  remainingMs(): number;
  /** HTTP requests sent to Azure so far, retries included. */
  upstreamCalls: number;
  /** Releases the timer; to be called when the work is done. */
  end(): void;
}

const deadlines = new WeakMap<AbortSignal, Deadline>();

export function startDeadline(milliseconds: number): Deadline {
  const expiry = performance.now() + milliseconds;
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort();
  }, milliseconds);
  const deadline: Deadline = {
    signal: controller.signal,
    remainingMs: () => Math.max(0, expiry - performance.now()),
    upstreamCalls: 0,
    end: () => {
      clearTimeout(timer);
    },
  };
  deadlines.set(controller.signal, deadline);
  return deadline;
}

/** The deadline a signal belongs to: an SDK's pipeline hands its policies the signal and nothing else. */
export function deadlineOf(signal: unknown): Deadline | undefined {
  return signal instanceof AbortSignal ? deadlines.get(signal) : undefined;
}

/** Waits for shared work no longer than the deadline; the work itself goes on. */
export async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const expire = () => {
    expired.reject(timedOut());
  };
  if (signal.aborted) expire();
  signal.addEventListener('abort', expire, { once: true });
  try {
    return await Promise.race([work, expired.promise]);
  } finally {
    signal.removeEventListener('abort', expire);
  }
}

export function timedOut(cause?: unknown): Fault {
  return new Fault('upstream_timeout', 'The request could not be completed in time; try again.', { cause });
}
