import { abortable, withDeadline } from '../azure/deadline.ts';
import { SingleFlight } from '../azure/singleFlight.ts';
import { ServiceError } from '../errors.ts';
import { type ConnectionString, parseConnectionString } from './connectionString.ts';
import type { ReadSecret } from './vaultSecret.ts';

/** After a failed read, the last good value is served this long before the next read. */
const RETRY_INTERVAL_MS = 15_000;
/**
 * The time between reads because ACS rejected the credentials: a tenth of the time since it began to, within these
 * limits. A rotation updates the secret soon after the key, and the service then fails a tenth longer than it must.
 */
const REREAD_SHARE = 0.1;
const MIN_REREAD_INTERVAL_MS = 1000;
const MAX_REREAD_INTERVAL_MS = 30_000;
/** `Retry-After` while there is no connection string to serve with. */
const RETRY_AFTER_SECONDS = 5;

interface ReaderOptions {
  /** How long a value is served before it is read again, in milliseconds. */
  ttlMs: number;
  /** How long one read may take, in milliseconds. */
  timeoutMs: number;
  /** Milliseconds; only differences count. */
  clock?: () => number;
}

/**
 * Reads the ACS connection string; there is one reader per process. Concurrent reads share one request. A value
 * is cached for its lifetime, and longer while the vault is unavailable.
 */
export class ConnectionStringReader {
  readonly #readSecret: ReadSecret;
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  readonly #clock: () => number;
  readonly #reads = new SingleFlight<ConnectionString>();
  #current: ConnectionString | undefined;
  #staleAt = 0;
  #rereadAllowedAt = -Infinity;
  #rejectedSince: number | undefined;
  #vaultUnavailable = false;

  constructor(readSecret: ReadSecret, { ttlMs, timeoutMs, clock = () => performance.now() }: ReaderOptions) {
    this.#readSecret = readSecret;
    this.#ttlMs = ttlMs;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * The connection string to use now. No request waits for a read while the value is younger than twice its
   * lifetime. Throws `misconfigured`, `upstream_unavailable` or `upstream_timeout`.
   */
  async get(signal: AbortSignal): Promise<ConnectionString> {
    const current = this.#current;
    const staleMs = this.#clock() - this.#staleAt;
    if (current !== undefined && staleMs < 0) return current;
    const reading = this.#read();
    if (current !== undefined && (this.#vaultUnavailable || staleMs < this.#ttlMs)) {
      reading.catch(() => undefined);
      return current;
    }
    try {
      return await abortable(signal, reading);
    } catch (error) {
      if (current !== undefined && this.#vaultUnavailable) return current;
      throw error;
    }
  }

  /**
   * The connection string to use after ACS rejected another; `undefined` when the vault still holds that one,
   * or held it a moment ago. Throws what `get` throws.
   */
  async refreshAfterRejection(
    rejected: ConnectionString,
    signal: AbortSignal,
  ): Promise<ConnectionString | undefined> {
    // A read in progress may have started before the secret changed, so it does not count as a refresh.
    const inProgress = this.#reads.inProgress(undefined);
    if (inProgress !== undefined) {
      await abortable(
        signal,
        inProgress.catch(() => undefined),
      );
    }
    if (this.#current === rejected) {
      // When no read is due, another rejected caller may just have started one.
      const reading = this.#isRereadDue() ? this.#read() : this.#reads.inProgress(undefined);
      if (reading !== undefined) await abortable(signal, reading);
    }
    if (this.#current === undefined) return this.get(signal);
    if (this.#current !== rejected) return this.#current;
    if (this.#vaultUnavailable) throw unreadable('Key Vault is unavailable.');
    return undefined;
  }

  /** Whether the secret may be read again now. If so, sets the time of the next read. */
  #isRereadDue(): boolean {
    const now = this.#clock();
    const overdueMs = now - this.#rereadAllowedAt;
    if (overdueMs < 0) return false;
    // No rejection for so long: this one has another cause.
    if (overdueMs > MAX_REREAD_INTERVAL_MS) this.#rejectedSince = undefined;
    this.#rejectedSince ??= now;
    const intervalMs = (now - this.#rejectedSince) * REREAD_SHARE;
    this.#rereadAllowedAt =
      now + Math.min(MAX_REREAD_INTERVAL_MS, Math.max(MIN_REREAD_INTERVAL_MS, intervalMs));
    return true;
  }

  #read(): Promise<ConnectionString> {
    return this.#reads.run(undefined, async () => {
      try {
        return this.#accept(
          await withDeadline(this.#timeoutMs, ({ signal }) => abortable(signal, this.#readSecret(signal))),
        );
      } catch (error) {
        const timedOut = error instanceof ServiceError && error.code === 'upstream_timeout';
        throw this.#reject(timedOut ? unreadable('Key Vault did not respond in time.', error) : error);
      }
    });
  }

  #accept(secret: string): ConnectionString {
    const read = parseConnectionString(secret);
    const known = this.#current;
    this.#vaultUnavailable = false;
    this.#staleAt = this.#clock() + this.#ttlMs;
    // The same object stands for the same value: ACS clients are kept per connection string.
    if (known?.endpoint === read.endpoint && known.accessKey === read.accessKey) return known;
    this.#current = read;
    this.#rejectedSince = undefined;
    return read;
  }

  /** Keeps the last good value while the vault is unavailable; drops it when the vault has no usable secret. */
  #reject(error: unknown): unknown {
    this.#vaultUnavailable = error instanceof ServiceError && error.code === 'upstream_unavailable';
    this.#staleAt = this.#clock() + RETRY_INTERVAL_MS;
    if (!this.#vaultUnavailable) this.#current = undefined;
    return error;
  }
}

function unreadable(operatorHint: string, cause?: unknown): ServiceError {
  return new ServiceError(
    'upstream_unavailable',
    'The service cannot read its credentials. Try again later.',
    { operatorHint, retryAfterSeconds: RETRY_AFTER_SECONDS, cause },
  );
}
