import {
  isRestError,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type RestError,
  retryPolicy,
  type SendRequest,
} from '@azure/core-rest-pipeline';
import { currentDeadline } from './deadline.ts';
import { RESPONSE_TOO_LARGE } from './responseLimit.ts';
import { retryAfterSeconds } from './retryAfter.ts';
import { RetryBudget } from './retryBudget.ts';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 200;
/** No retry starts with less time than this left before the deadline. */
const MIN_TIME_FOR_ATTEMPT_MS = 100;
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * The only retry policy of an Azure client; one for each dependency, because it holds the retry budget. Add it
 * `perCall`, so that each attempt gets a new signature, and switch off the client's own with
 * `retryOptions: { maxRetries: 0 }`.
 *
 * When `Retry-After` ends after the deadline, the response goes to the caller at once. `mayRepeat` says whether
 * a request may be sent again when it may have been processed.
 */
export function retryWithinDeadline(mayRepeat: (request: PipelineRequest) => boolean): PipelinePolicy {
  const budget = new RetryBudget();
  return {
    name: 'retryWithinDeadline',
    sendRequest(request, next) {
      // An error in the middle of a response does not carry its request, so each request gets its own policy.
      const policy = retryPolicy(
        [
          {
            name: 'withinDeadline',
            retry({ retryCount, response, responseError }) {
              if (!isWorthRetrying(mayRepeat(request), response, responseError))
                return { skipStrategy: true };
              const spareMs = (currentDeadline()?.remainingMs() ?? 0) - MIN_TIME_FOR_ATTEMPT_MS;
              const delayMs = retryDelayMs(retryCount, retryAfterSeconds(response), spareMs);
              return delayMs < spareMs && budget.take()
                ? { retryAfterInMs: delayMs }
                : { skipStrategy: true };
            },
          },
        ],
        { maxRetries: MAX_RETRIES },
      );
      return policy.sendRequest(request, refilling(budget, next));
    },
  };
}

/** Refills the budget for each response of a working dependency. */
function refilling(budget: RetryBudget, next: SendRequest): SendRequest {
  const count = (status = 0) => {
    if (status > 0 && status < 500 && status !== 408 && status !== 429) budget.refill();
  };
  return async (request) => {
    try {
      const response = await next(request);
      count(response.status);
      return response;
    } catch (error) {
      if (isRestError(error) && error.code !== 'PARSE_ERROR') count(error.statusCode);
      throw error;
    }
  };
}

function isWorthRetrying(repeatable: boolean, response?: PipelineResponse, error?: RestError): boolean {
  if (error?.code === RESPONSE_TOO_LARGE) return false;
  if (response === undefined) return repeatable || NEVER_SENT.has(error?.code ?? '');
  // Immediate retries count against the rate limit, so a 429 is retried only if it says how long to wait.
  if (response.status === 429) return retryAfterSeconds(response) !== undefined;
  return repeatable && (response.status === 408 || response.status >= 500 || error?.code === 'PARSE_ERROR');
}

/** At least the backoff, and at least `Retry-After` plus up to half of it: those who wait for it come back spread out. */
function retryDelayMs(retryCount: number, retryAfter: number | undefined, spareMs: number): number {
  const backoffMs = FIRST_DELAY_MS * 2 ** retryCount * (0.5 + Math.random() / 2);
  if (retryAfter === undefined) return backoffMs;
  const waitMs = retryAfter * 1000;
  const spreadMs = Math.max(0, Math.min(waitMs / 2, spareMs - waitMs));
  return Math.max(backoffMs, waitMs + Math.random() * spreadMs);
}

/** Counts the HTTP requests that a request sends upstream; add it `perRetry`. */
export const countUpstreamCalls: PipelinePolicy = {
  name: 'countUpstreamCalls',
  sendRequest(request, next) {
    const deadline = currentDeadline();
    if (deadline !== undefined) deadline.upstreamCalls += 1;
    return next(request);
  },
};
