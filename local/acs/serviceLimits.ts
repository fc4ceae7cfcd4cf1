import { tooManyRequests } from './errors.ts';

const windowMs = 30_000;

// Requests per window: https://learn.microsoft.com/azure/communication-services/concepts/service-limits#identity
const limits: Readonly<Record<string, number>> = {
  createUser: 1000,
  createUserAndToken: 1000,
  issueToken: 1000,
  deleteUser: 500,
  revokeTokens: 500,
  exchangeTeamsToken: 500,
};

/** Counts requests in fixed windows of 30 seconds per operation. */
export class ServiceLimits {
  enabled: boolean;
  #now: () => number;
  #windows = new Map<string, { end: number; count: number }>();

  constructor(now: () => number, enabled: boolean) {
    this.#now = now;
    this.enabled = enabled;
  }

  /** Throws the service's 429 once the operation's window is full. */
  count(operation: string): void {
    const limit = limits[operation];
    if (!this.enabled || limit === undefined) return;
    const now = this.#now();
    let window = this.#windows.get(operation);
    if (window === undefined || now >= window.end) {
      window = { end: now + windowMs, count: 0 };
      this.#windows.set(operation, window);
    }
    window.count += 1;
    if (window.count > limit) throw tooManyRequests(Math.ceil((window.end - now) / 1000));
  }
}
