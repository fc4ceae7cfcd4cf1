import {
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type RestError,
  retryPolicy,
} from '@azure/core-rest-pipeline';
import { currentDeadline } from './deadline.ts';
import { RESPONSE_TOO_LARGE } from './responseLimit.ts';
import { retryAfterSeconds } from './retryAfter.ts';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 200;
/** No retry starts with less time than this left before the deadline. */
const MIN_TIME_FOR_ATTEMPT_MS = 100;
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * The only retry policy of an Azure client. Add it `perCall`, so that each attempt gets a new signature, and
 * switch off the client's own with `retryOptions: { maxRetries: 0 }`.
 *
 * When `Retry-After` ends after the deadline, the response goes to the caller at once. `mayRepeat` says whether
 * a request may be sent again when its response was lost.
 */
export function retryWithinDeadline(mayRepeat: (request: PipelineRequest) => boolean): PipelinePolicy {
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
              const asked = retryAfterSeconds(response);
              const delayMs = asked === undefined ? backoffMs(retryCount) : asked * 1000;
              const remainingMs = currentDeadline()?.remainingMs() ?? 0;
              return delayMs + MIN_TIME_FOR_ATTEMPT_MS < remainingMs
                ? { retryAfterInMs: delayMs }
                : { skipStrategy: true };
            },
          },
        ],
        { maxRetries: MAX_RETRIES },
      );
      return policy.sendRequest(request, next);
    },
  };
}

function isWorthRetrying(repeatable: boolean, response?: PipelineResponse, error?: RestError): boolean {
  if (error?.code === RESPONSE_TOO_LARGE) return false;
  if (response === undefined) return repeatable || NEVER_SENT.has(error?.code ?? '');
  // Immediate retries count against the rate limit, so a 429 is retried only if it says how long to wait.
  if (response.status === 429) return retryAfterSeconds(response) !== undefined;
  if (response.status === 503) return true;
  return repeatable && (response.status === 408 || response.status >= 500 || error?.code === 'PARSE_ERROR');
}

function backoffMs(retryCount: number): number {
  return FIRST_DELAY_MS * 2 ** retryCount * (0.5 + Math.random() / 2);
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
