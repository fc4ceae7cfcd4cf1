import { tooManyRequests } from './identityServiceError.ts';

const WINDOW_MS = 30_000;

// Requests per window: https://learn.microsoft.com/azure/communication-services/concepts/service-limits#identity
const limits: Readonly<Record<string, number>> = {
  createUser: 1000,
  createUserAndToken: 1000,
  issueToken: 1000,
  deleteUser: 500,
  revokeTokens: 500,
  exchangeTeamsToken: 500,
};

/** Limits requests per operation in fixed windows of 30 seconds. */
export class ServiceLimits {
  enabled: boolean;
  #now: () => number;
  #windows = new Map<string, { end: number; count: number }>();

  constructor(now: () => number, enabled: boolean) {
    this.#now = now;
    this.enabled = enabled;
  }

  /** Counts a request. Throws 429 when the operation is over its limit. */
  count(operation: string): void {
    const limit = limits[operation];
    if (!this.enabled || limit === undefined) return;
    const now = this.#now();
    let window = this.#windows.get(operation);
    if (window === undefined || now >= window.end) {
      window = { end: now + WINDOW_MS, count: 0 };
      this.#windows.set(operation, window);
    }
    window.count += 1;
    if (window.count > limit) throw tooManyRequests(Math.ceil((window.end - now) / 1000));
  }
}
