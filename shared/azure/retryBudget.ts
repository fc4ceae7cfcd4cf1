/** What a retry costs, in what a response of a working dependency adds: retries are at most a tenth of the traffic. */
const COST = 10;
/** 20 retries: enough for a short failure, too few to multiply a long one. */
const MAX_BALANCE = 20 * COST;

/**
 * The retries that one dependency may still get. Every retry costs what ten responses of a working dependency add,
 * so that an outage is not multiplied (https://grpc.io/docs/guides/retry/#throttling-retry-attempts).
 */
export class RetryBudget {
  #balance = MAX_BALANCE;

  /** Takes a retry. Returns false when none is left. */
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
