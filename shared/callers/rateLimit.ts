import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Caller } from './caller.ts';
import { Fault } from '../errors.ts';

/** Counts a request of a caller; throws `too_many_requests` when it has had its share. */
export type CallerLimit = (caller: Caller) => Promise<void>;

/**
 * Limits what each user may ask of this instance per minute; 0 switches it off. Services are not limited: they
 * ask on behalf of all of an app's users, and ACS has limits of its own.
 */
export function limitCallers(requestsPerMinute: number): CallerLimit {
  if (requestsPerMinute === 0) return () => Promise.resolve();
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  return async (caller) => {
    if (caller.kind === 'service') return;
    await limiter.consume(caller.subject).catch((refusal: unknown) => {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new Fault('too_many_requests', 'You ask too often; slow down.', {
        retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)),
      });
    });
  };
}
