/** A response of a working dependency adds 1, so retries are at most a tenth of the traffic in the long run. */
const COST = 10;
/** 20 retries: enough for a short failure, too few to multiply a long one. */
const MAX_BALANCE = 20 * COST;

/**
 * The retries that one dependency may still get. They do not grow during an outage, so that retries do not multiply
 * its load (https://grpc.io/docs/guides/retry/#throttling-retry-attempts).
 */
export class RetryBudget {
  #balance = MAX_BALANCE;

  /** Uses one retry. Returns whether there was one left. */
  take(): boolean {
    if (this.#balance < COST) return false;
    this.#balance -= COST;
    return true;
  }

  /** Counts a response of a working dependency. */
  refill(): void {
    this.#balance = Math.min(MAX_BALANCE, this.#balance + 1);
  }
}
