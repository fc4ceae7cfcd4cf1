import {
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  type RestError,
  retryPolicy,
} from '@azure/core-rest-pipeline';
import { deadlineOf } from './deadline.ts';
import { retryAfterSeconds } from './retryAfter.ts';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 200;
/** An answer needs some time too: a retry that would start later than this before the deadline is not made. */
const LAST_START_MS = 100;
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * The only retrier of an Azure client; to be added `perCall`, so that each attempt is signed anew, with
 * the client's own switched off by `retryOptions: { maxRetries: 0 }`.
 *
 * A `Retry-After` that reaches past the deadline is not waited for: the response goes to the caller.
 * `mayRepeat` says whether a request whose answer was lost may be sent again.
 */
export function retryWithinDeadline(mayRepeat: (request: PipelineRequest) => boolean): PipelinePolicy {
  return {
    name: 'retryWithinDeadline',
    sendRequest(request, next) {
      // An error that breaks off an answer does not hold its request, hence a policy for each.
      const policy = retryPolicy(
        [
          {
            name: 'withinDeadline',
            retry({ retryCount, response, responseError }) {
              if (!isWorthRetrying(mayRepeat(request), response, responseError))
                return { skipStrategy: true };
              const asked = retryAfterSeconds(response);
              const delayMs = asked === undefined ? backoffMs(retryCount) : asked * 1000;
              const remainingMs = deadlineOf(request.abortSignal)?.remainingMs() ?? 0;
              return delayMs + LAST_START_MS < remainingMs
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
  if (response === undefined) return repeatable || NEVER_SENT.has(error?.code ?? '');
  // Immediate retries count against the service's limit, so a 429 must say how long to wait.
  if (response.status === 429) return retryAfterSeconds(response) !== undefined;
  if (response.status === 503) return true;
  return repeatable && (response.status === 408 || response.status >= 500 || error?.code === 'PARSE_ERROR');
}

function backoffMs(retryCount: number): number {
  return FIRST_DELAY_MS * 2 ** retryCount * (0.5 + Math.random() / 2);
}

/** Counts the requests sent upstream on behalf of a request; to be added `perRetry`. */
export const countUpstreamCalls: PipelinePolicy = {
  name: 'countUpstreamCalls',
  sendRequest(request, next) {
    const deadline = deadlineOf(request.abortSignal);
    if (deadline !== undefined) deadline.upstreamCalls += 1;
    return next(request);
  },
};
