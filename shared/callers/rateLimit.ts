import { ServiceError } from '../errors.ts';
import type { Caller } from './caller.ts';

/** Counts a request of a caller. Throws `too_many_requests` when the caller is over the limit. */
export type RateLimit = (caller: Caller) => void;

const WINDOW_MS = 60_000;
/** About 20 MB. With more users in a minute, the earliest get a new window too soon. */
const MAX_USERS = 100_000;

/**
 * Limits the requests that each user may send to this instance per minute, counted from the first one; 0 switches
 * the limit off. Services have no limit here: they act for all of an app's users, and ACS has rate limits of its own.
 */
export function createRateLimit(
  requestsPerMinute: number,
  clock: () => number = () => performance.now(),
): RateLimit {
  if (requestsPerMinute === 0) return () => undefined;
  /** By subject, in the order in which they end. */
  const windows = new Map<string, { endsAt: number; requests: number }>();

  const openWindow = (subject: string, now: number) => {
    for (const [oldest, { endsAt }] of windows) {
      if (endsAt > now && windows.size < MAX_USERS) break;
      windows.delete(oldest);
    }
    const window = { endsAt: now + WINDOW_MS, requests: 0 };
    windows.set(subject, window);
    return window;
  };

  return (caller) => {
    if (caller.kind === 'service') return;
    const now = clock();
    const known = windows.get(caller.subject);
    const window = known !== undefined && known.endsAt > now ? known : openWindow(caller.subject, now);
    window.requests += 1;
    if (window.requests <= requestsPerMinute) return;
    throw new ServiceError('too_many_requests', 'Rate limit exceeded. Retry after the time in Retry-After.', {
      retryAfterSeconds: Math.ceil((window.endsAt - now) / 1000),
    });
  };
}
