import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ServiceError } from '../errors.ts';
import type { Caller } from './caller.ts';

/** Counts a request of a caller. Throws `too_many_requests` when the caller is over the limit. */
export type RateLimit = (caller: Caller) => Promise<void>;

/**
 * Limits the requests that each user may send to this instance per minute; 0 switches the limit off. Services
 * have no limit here: they act for all of an app's users, and ACS has rate limits of its own.
 */
export function createRateLimit(requestsPerMinute: number): RateLimit {
  if (requestsPerMinute === 0) return () => Promise.resolve();
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  return async (caller) => {
    if (caller.kind === 'service') return;
    await limiter.consume(caller.subject).catch((rejection: unknown) => {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      throw new ServiceError(
        'too_many_requests',
        'Rate limit exceeded. Retry after the time in Retry-After.',
        {
          retryAfterSeconds: Math.max(1, Math.ceil(rejection.msBeforeNext / 1000)),
        },
      );
    });
  };
}
