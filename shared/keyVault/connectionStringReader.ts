import { type ConnectionString, parseConnectionString } from './connectionString.ts';
import { startDeadline, within } from '../azure/deadline.ts';
import { Fault } from '../errors.ts';
import type { ReadSecret } from './vaultSecret.ts';

/** After a read that failed, the last good value is served this long before the vault is asked again. */
const RETRY_INTERVAL_MS = 15_000;
/** ACS refusing the credentials makes the vault be read no more often than this. */
const REREAD_INTERVAL_MS = 10_000;

/** What a caller is told to wait when there is no connection string to serve with. */
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
 * The process's one reader of the ACS connection string. Concurrent reads are one read; a value is cached
 * for its lifetime, and beyond it while the vault cannot be reached.
 */
export class ConnectionStringReader {
  readonly #readSecret: ReadSecret;
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  readonly #clock: () => number;
  #current: ConnectionString | undefined;
  #staleAt = 0;
  #rereadAllowedAt = -Infinity;
  #unreachable = false;
  #reading: Promise<ConnectionString> | undefined;

  constructor(readSecret: ReadSecret, { ttlMs, timeoutMs, clock = () => performance.now() }: ReaderOptions) {
    this.#readSecret = readSecret;
    this.#ttlMs = ttlMs;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** The connection string to use now. Throws `misconfigured`, `upstream_unavailable` or `upstream_timeout`. */
  async get(signal: AbortSignal): Promise<ConnectionString> {
    const current = this.#current;
    if (current !== undefined && this.#clock() < this.#staleAt) return current;
    const reading = this.#read();
    if (current !== undefined && this.#unreachable) {
      reading.catch(() => undefined);
      return current;
    }
    try {
      return await within(signal, reading);
    } catch (error) {
      if (current !== undefined && this.#unreachable) return current;
      throw error;
    }
  }

  /**
   * The connection string to use instead of one that ACS refused; `undefined` when the vault still holds that
   * one, or held it a moment ago. Throws what `get` throws.
   */
  async getInsteadOf(refused: ConnectionString, signal: AbortSignal): Promise<ConnectionString | undefined> {
    // A read that is under way may have begun before the secret changed: it does not count as read afresh.
    if (this.#reading !== undefined)
      await within(
        signal,
        this.#reading.catch(() => undefined),
      );
    if (this.#current === refused) {
      const due = this.#clock() >= this.#rereadAllowedAt;
      if (due) this.#rereadAllowedAt = this.#clock() + REREAD_INTERVAL_MS;
      // When it is not due, others that were refused too may just have begun it.
      const reading = due ? this.#read() : this.#reading;
      if (reading !== undefined) await within(signal, reading);
    }
    if (this.#current === undefined) return this.get(signal);
    if (this.#current === refused && this.#unreachable) throw unreadable('The vault cannot be reached.');
    return this.#current === refused ? undefined : this.#current;
  }

  #read(): Promise<ConnectionString> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<ConnectionString> {
    const deadline = startDeadline(this.#timeoutMs);
    try {
      return this.#accept(await within(deadline.signal, this.#readSecret(deadline.signal)));
    } catch (error) {
      throw this.#refuse(
        error instanceof Fault && error.code === 'upstream_timeout' ? tooSlow(error) : error,
      );
    } finally {
      deadline.end();
    }
  }

  #accept(secret: string): ConnectionString {
    const read = parseConnectionString(secret);
    const known = this.#current;
    this.#unreachable = false;
    this.#staleAt = this.#clock() + this.#ttlMs;
    // The same object stands for the same value: ACS clients are kept per connection string.
    this.#current = known?.endpoint === read.endpoint && known.accessKey === read.accessKey ? known : read;
    return this.#current;
  }

  /** A vault that cannot be reached leaves the last good value in use; one that has no usable secret does not. */
  #refuse(error: unknown): unknown {
    this.#unreachable = error instanceof Fault && error.code === 'upstream_unavailable';
    this.#staleAt = this.#clock() + RETRY_INTERVAL_MS;
    if (!this.#unreachable) this.#current = undefined;
    return error;
  }
}

function tooSlow(cause: Fault): Fault {
  return unreadable('The vault did not answer in time.', cause);
}

function unreadable(note: string, cause?: unknown): Fault {
  return new Fault('upstream_unavailable', 'The service cannot read its credentials right now; try again.', {
    note,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
