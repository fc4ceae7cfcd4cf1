import { isRestError, type PipelinePolicy } from '@azure/core-rest-pipeline';
import { retryAfterSeconds } from '../azure/retryAfter.ts';
import { throttled } from './acsErrors.ts';
import { operationOf } from './operation.ts';

/** The gate stays closed this long at most, whatever `Retry-After` says: a wrong one must not stop the instance. */
const MAX_CLOSED_MS = 60_000;
/** The gate stays closed this long after a 429 without `Retry-After`, doubled with each one in a row. */
const FIRST_CLOSED_MS = 1000;
/** `Retry-After` for requests that arrive while another one tests whether ACS still throttles. */
const TEST_SECONDS = 1;

/**
 * While ACS throttles an operation, rejects its requests without sending them: they would count against the rate
 * limit. Once `Retry-After` has passed, single requests test whether ACS accepts the operation again. ACS limits
 * each operation on its own. Throws `too_many_requests` with the time left. Add it inside the retry policy.
 */
export function throttleGate(clock: () => number = () => performance.now()): PipelinePolicy {
  const gates = new Map<string, Gate>();
  return {
    name: 'throttleGate',
    async sendRequest(request, next) {
      const operation = operationOf(request);
      const gate = gates.get(operation) ?? new Gate(clock);
      gates.set(operation, gate);
      const isTest = gate.enter();
      let status: number | undefined;
      try {
        const response = await next(request);
        status = response.status;
        return response;
      } catch (error) {
        if (isRestError(error)) {
          status = error.statusCode;
          if (status === 429) gate.close(retryAfterSeconds(error.response));
        }
        throw error;
      } finally {
        if (isTest) gate.endTest(status);
      }
    },
  };
}

class Gate {
  readonly #clock: () => number;
  #closed = false;
  #closedUntil = 0;
  #isTesting = false;
  #nextClosedMs = FIRST_CLOSED_MS;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Lets a request through or throws. Returns whether it is a test. */
  enter(): boolean {
    if (!this.#closed) return false;
    const leftMs = this.#closedUntil - this.#clock();
    if (leftMs > 0) throw throttled(Math.ceil(leftMs / 1000));
    if (this.#isTesting) throw throttled(TEST_SECONDS);
    this.#isTesting = true;
    return true;
  }

  close(retryAfter: number | undefined): void {
    // Requests that were sent before the gate closed bring further 429s, which say nothing new.
    if (retryAfter === undefined && this.#closed && !this.#isTesting) return;
    const closedMs = retryAfter === undefined ? this.#nextClosedMs : retryAfter * 1000;
    if (retryAfter === undefined) this.#nextClosedMs *= 2;
    this.#closed = true;
    this.#closedUntil = Math.max(this.#closedUntil, this.#clock() + Math.min(closedMs, MAX_CLOSED_MS));
  }

  /** Opens the gate when ACS has processed the request; any other failure says nothing about its rate limit. */
  endTest(status = 0): void {
    this.#isTesting = false;
    if (status === 0 || status === 429 || status >= 500) return;
    this.#closed = false;
    this.#nextClosedMs = FIRST_CLOSED_MS;
  }
}
