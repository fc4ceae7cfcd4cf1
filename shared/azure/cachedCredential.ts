import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/core-auth';
import { SingleFlight } from './singleFlight.ts';

/** A token is refreshed in the background when it has less time left than this. */
const REFRESH_WINDOW_MS = 5 * 60_000;
/** After a failure, the identity endpoint is not asked again for this time. */
const RETRY_INTERVAL_MS = 1000;
/** How long one attempt may take; the identity endpoint is on the same machine. */
const TIMEOUT_MS = 4000;

interface CachedCredentialOptions {
  timeoutMs?: number;
  /** Milliseconds since the epoch, as token expiries are. */
  clock?: () => number;
}

/**
 * Puts a cache and a time limit between the SDKs and a credential. @azure/identity ignores abort signals, and the
 * SDKs share one pending call among all requests: one hanging response would stop them all for good. A cached token
 * is used until it expires, however the refresh goes.
 */
export function cachedCredential(
  credential: TokenCredential,
  { timeoutMs = TIMEOUT_MS, clock = Date.now }: CachedCredentialOptions = {},
): TokenCredential {
  const tokens = new Map<string, AccessToken>();
  const failures = new Map<string, { error: Error; retryAt: number }>();
  const refreshes = new SingleFlight<AccessToken, string>();

  const refresh = (key: string, scopes: string | string[], options: GetTokenOptions) => {
    const failure = failures.get(key);
    if (failure !== undefined && clock() < failure.retryAt) return Promise.reject(failure.error);
    return refreshes.run(key, async () => {
      try {
        const token = await withTimeout(credential.getToken(scopes, options), timeoutMs);
        if (!token?.token || !(token.expiresOnTimestamp > clock())) {
          throw credentialUnavailable('The credential returned no usable token.');
        }
        tokens.set(key, token);
        return token;
      } catch (cause) {
        // An unexpected response makes @azure/identity throw errors of any kind.
        const error = credentialUnavailable('The credential failed.', cause);
        failures.set(key, { error, retryAt: clock() + RETRY_INTERVAL_MS });
        throw error;
      }
    });
  };

  return {
    async getToken(scopes, { tenantId, claims } = {}) {
      // A claims challenge asks for another token than the cached one.
      const options = { ...(tenantId && { tenantId }), ...(claims && { claims }) };
      const key = JSON.stringify([scopes, tenantId, claims]);
      const known = tokens.get(key);
      const remainingMs = (known?.expiresOnTimestamp ?? 0) - clock();
      let token = known;
      if (token === undefined || remainingMs <= 0) token = await refresh(key, scopes, options);
      else if (remainingMs < REFRESH_WINDOW_MS) refresh(key, scopes, options).catch(() => undefined);
      // With a later expiry the SDKs would refresh in the background, and end the process when that fails.
      return { token: token.token, expiresOnTimestamp: clock() };
    },
  };
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    expired.reject(credentialUnavailable(`No token within ${milliseconds} ms.`));
  }, milliseconds);
  try {
    return await Promise.race([work, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Named as @azure/identity's own, so that it is mapped like them. */
function credentialUnavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'CredentialUnavailableError' });
}
