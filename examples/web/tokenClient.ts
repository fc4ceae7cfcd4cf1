import { AzureCommunicationTokenCredential } from '@azure/communication-common';

/** Requests of one refresh, the one after signing in again included. */
const MAX_REQUESTS = 4;
/** A refresh starts no wait that ends later than this after its start. */
const MAX_REFRESH_MS = 30_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** After a failed refresh no request is sent for this long, or for the time in Retry-After if that is longer. */
const MIN_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 300_000;
/** A failed refresh returns the current token if it is valid for longer than this. */
const USABLE_MS = 60_000;

/** Returns the access token of the signed-in user for the token service. With `renew`, the last one was rejected. */
export type GetBearerToken = (options: { renew: boolean }) => Promise<string>;

/** An access token of Communication Services. Do not log it. */
export interface IssuedToken {
  token: string;
  expiresOn: Date;
  communicationUserId: string;
  /** The URL of the Communication Services resource, which chat clients need. */
  endpoint: string;
}

/** Why there is no token. `message` is the problem's `detail`. */
export class TokenError extends Error {
  override name = 'TokenError';
  /** A code of the service, or `offline` or `unexpected_response`. */
  readonly code: string;
  /** 0 when there was no response. */
  readonly status: number;
  /** Identifies the request in the log of the service. */
  readonly requestId: string | undefined;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
  readonly retryAfterMs: number;

  constructor(message: string, code: string, status = 0, requestId?: string, retryAfterMs = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryable = code === 'offline' || [429, 502, 503, 504].includes(status);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Gets access tokens of the signed-in user from the token service. Create one for each signed-in user. */
export class TokenClient {
  readonly #url: string;
  readonly #getBearerToken: GetBearerToken;
  readonly #body: string;
  #current: IssuedToken | undefined;
  #running: Promise<IssuedToken> | undefined;
  #failure: { error: TokenError; pausedUntil: number } | undefined;

  /** `api` is the URL of the service with `/api`. */
  constructor(api: string, getBearerToken: GetBearerToken, scopes = ['chat', 'voip']) {
    this.#url = `${api}/users/me/token`;
    this.#getBearerToken = getBearerToken;
    this.#body = JSON.stringify({ scopes });
  }

  /**
   * Gets a new token. Concurrent calls share one refresh. When the refresh fails and the current token is still
   * valid for a minute, returns the current one. Throws a TokenError, or what `getBearerToken` throws.
   */
  async refresh(): Promise<IssuedToken> {
    this.#running ??= this.#refreshOnce().finally(() => (this.#running = undefined));
    try {
      return await this.#running;
    } catch (error) {
      const current = this.#current;
      if (current !== undefined && current.expiresOn.getTime() - Date.now() > USABLE_MS) return current;
      throw error;
    }
  }

  /** Ends the pause after a failure. Call it when the user has signed in again or the device is online again. */
  resume(): void {
    this.#failure = undefined;
  }

  async #refreshOnce(): Promise<IssuedToken> {
    if (this.#failure !== undefined && performance.now() < this.#failure.pausedUntil)
      throw this.#failure.error;
    try {
      this.#current = await this.#requestUntilDone();
      this.#failure = undefined;
      return this.#current;
    } catch (error) {
      if (error instanceof TokenError) {
        const pauseMs = Math.max(MIN_PAUSE_MS, Math.min(error.retryAfterMs, MAX_PAUSE_MS));
        this.#failure = { error, pausedUntil: performance.now() + pauseMs };
      }
      throw error;
    }
  }

  async #requestUntilDone(): Promise<IssuedToken> {
    const endsAt = performance.now() + MAX_REFRESH_MS;
    let bearerToken = await this.#getBearerToken({ renew: false });
    let signedInAgain = false;
    for (let requests = 1; ; requests += 1) {
      try {
        return await this.#request(bearerToken);
      } catch (error) {
        if (!(error instanceof TokenError) || requests === MAX_REQUESTS) throw error;
        if (error.status === 401 && !signedInAgain) {
          signedInAgain = true;
          bearerToken = await this.#getBearerToken({ renew: true });
          continue;
        }
        const leastMs = Math.max(1000 * 2 ** (requests - 1), error.retryAfterMs);
        const waitMs = leastMs * (1 + Math.random() / 2);
        if (!error.retryable || performance.now() + waitMs > endsAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  async #request(bearerToken: string): Promise<IssuedToken> {
    const timeout = new AbortController();
    const timer = setTimeout(() => {
      timeout.abort();
    }, REQUEST_TIMEOUT_MS);
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: { Authorization: `Bearer ${bearerToken}`, 'Content-Type': 'application/json' },
        body: this.#body,
        credentials: 'omit',
        redirect: 'error',
        signal: timeout.signal,
      });
      text = await response.text();
    } catch {
      throw new TokenError(
        'The token service cannot be reached. Check the connection and try again.',
        'offline',
      );
    } finally {
      clearTimeout(timer);
    }
    return readResponse(response, text);
  }
}

/**
 * The credential for ChatClient, CallAgent and the UI library. It refreshes the token before it expires. Call
 * `dispose` on it at sign-out.
 */
export function createCredential(
  client: TokenClient,
  { token }: IssuedToken,
): AzureCommunicationTokenCredential {
  return new AzureCommunicationTokenCredential({
    token,
    refreshProactively: true,
    tokenRefresher: async () => (await client.refresh()).token,
  });
}

function readResponse({ status, headers }: Response, text: string): IssuedToken {
  const { token, expiresOn, user, endpoint, detail, code, requestId } = parseBody(text);
  if (status === 200 && token && expiresOn && user && endpoint) {
    return { token, expiresOn: new Date(expiresOn), communicationUserId: user.communicationUserId, endpoint };
  }
  const retryAfter = headers.get('Retry-After') ?? '';
  throw new TokenError(
    detail ?? `The response (${status}) is not of the token service. Check the URL.`,
    code ?? 'unexpected_response',
    status,
    requestId,
    /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0,
  );
}

/** The fields of a token and of a problem. */
interface ResponseBody {
  token: string;
  expiresOn: string;
  user: { communicationUserId: string };
  endpoint: string;
  detail: string;
  code: string;
  requestId: string;
}

function parseBody(text: string): Partial<ResponseBody> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<ResponseBody>;
  } catch {
    return {};
  }
}
