import { createLocalJWKSet, errors, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';
import { abortable } from '../azure/deadline.ts';
import { isLoopback } from '../azure/loopback.ts';
import { SingleFlight } from '../azure/singleFlight.ts';
import { misconfigured, ServiceError } from '../errors.ts';
import { discoverySchema, type Fetch, fetchDocument, keySetSchema } from './issuerDocuments.ts';

const MINUTE_MS = 60_000;
const DISCOVERY_TTL_MS = 60 * MINUTE_MS;
/** Keys older than this are fetched again, in the background. */
const KEYS_TTL_MS = 10 * MINUTE_MS;
/** Requests wait for the fetch when the keys are older than this, unless the issuer is known to be unavailable. */
const MAX_AGE_WITHOUT_WAIT_MS = 2 * KEYS_TTL_MS;
/** The last known keys serve this long while the issuer is unavailable. */
const MAX_AGE_MS = 24 * 60 * MINUTE_MS;
/** An unknown key id causes a fetch no more often than this. */
const UNKNOWN_KEY_COOLDOWN_MS = 5000;
/** A failed fetch is repeated after this time, which doubles with each failure in a row. */
const MIN_BACKOFF_MS = 2000;
const MAX_BACKOFF_MS = MINUTE_MS;
const MIN_RSA_BITS = 2048;

/** The issuer's keys, as one fetch returned them. */
export interface KeySet {
  find: JWTVerifyGetKey;
  fetchedAt: number;
}

interface OidcIssuerOptions {
  fetch?: Fetch;
  /** Milliseconds; only differences count. */
  clock?: () => number;
}

/** The signing keys of an OpenID Connect issuer: discovered, cached, and fetched by one request at a time. */
export class OidcIssuer {
  readonly #issuer: string;
  readonly #fetch: Fetch;
  readonly #clock: () => number;
  readonly #fetches = new SingleFlight<KeySet>();
  #keySetUrl: { url: string; staleAt: number } | undefined;
  #keys: KeySet | undefined;
  #failures = 0;
  #retryAt = -Infinity;
  #lastError: unknown;

  constructor(
    issuer: string,
    { fetch = globalThis.fetch, clock = () => performance.now() }: OidcIssuerOptions = {},
  ) {
    this.#issuer = issuer;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * Gives the key that signed a token. Rejects with jose's JWKS errors when the issuer has no such key, and with
   * `upstream_unavailable` or `misconfigured` when its keys cannot be fetched.
   */
  keyFinder(signal: AbortSignal): JWTVerifyGetKey {
    return async (header, token) => {
      const keys = await this.keys(signal);
      try {
        return await keys.find(header, token);
      } catch (error) {
        const cooledDown = this.#clock() >= keys.fetchedAt + UNKNOWN_KEY_COOLDOWN_MS;
        if (!(error instanceof errors.JWKSNoMatchingKey) || !cooledDown) throw error;
        return (await abortable(signal, this.#refresh())).find(header, token);
      }
    };
  }

  /** The issuer's keys, fetched if necessary. */
  async keys(signal: AbortSignal): Promise<KeySet> {
    const known = this.#keys;
    const age = known === undefined ? Infinity : this.#clock() - known.fetchedAt;
    if (known !== undefined && age < KEYS_TTL_MS) return known;
    const refreshing = this.#refresh();
    const mayServe = known !== undefined && age < MAX_AGE_MS;
    if (mayServe && (this.#failures > 0 || age < MAX_AGE_WITHOUT_WAIT_MS)) {
      refreshing.catch(() => undefined);
      return known;
    }
    try {
      return await abortable(signal, refreshing);
    } catch (error) {
      if (mayServe) return known;
      throw error;
    }
  }

  async #refresh(): Promise<KeySet> {
    if (this.#clock() < this.#retryAt) throw this.#lastError;
    return this.#fetches.run(undefined, async () => {
      try {
        const find = await this.#fetchKeys();
        this.#failures = 0;
        return (this.#keys = { find, fetchedAt: this.#clock() });
      } catch (error) {
        this.#lastError = error instanceof ServiceError ? error : unavailable(error);
        this.#retryAt = this.#clock() + Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** this.#failures);
        this.#failures += 1;
        throw this.#lastError;
      }
    });
  }

  async #fetchKeys(): Promise<JWTVerifyGetKey> {
    const url = await this.#discover();
    const { keys } = await fetchDocument(this.#fetch, url, keySetSchema);
    const usable = await Promise.all(keys.map(isUsable));
    return createLocalJWKSet({ keys: keys.filter((_, index) => usable[index]) });
  }

  async #discover(): Promise<string> {
    const known = this.#keySetUrl;
    if (known !== undefined && this.#clock() < known.staleAt) return known.url;
    const discoveryUrl = `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { issuer, jwks_uri } = await fetchDocument(this.#fetch, discoveryUrl, discoverySchema);
    if (issuer !== this.#issuer) {
      throw misconfigured(
        'OIDC_ISSUER must be exactly the issuer in its discovery document, trailing slash included.',
      );
    }
    const url = URL.parse(jwks_uri);
    if (url === null || !(url.protocol === 'https:' || isLoopback(url))) {
      throw misconfigured('The jwks_uri in the discovery document of OIDC_ISSUER is not https.');
    }
    this.#keySetUrl = { url: url.href, staleAt: this.#clock() + DISCOVERY_TTL_MS };
    return url.href;
  }
}

/** Whether a published key can verify a signature; jose rejects a broken or short one only when it is used. */
async function isUsable(jwk: JWK): Promise<boolean> {
  try {
    const key = await importJWK(jwk, jwk.alg ?? algorithmFor(jwk));
    if (key instanceof Uint8Array) return false;
    const { modulusLength } = key.algorithm as { modulusLength?: number };
    return modulusLength === undefined || modulusLength >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}

function algorithmFor({ kty, crv }: JWK): string {
  if (kty === 'RSA') return 'RS256';
  if (kty === 'OKP') return 'EdDSA';
  return crv === 'P-384' ? 'ES384' : crv === 'P-521' ? 'ES512' : 'ES256';
}

function unavailable(cause: unknown): ServiceError {
  return new ServiceError('upstream_unavailable', 'The identity provider is unavailable. Try again later.', {
    operatorHint: 'OIDC_ISSUER is unavailable, or its documents are not valid.',
    retryAfterSeconds: MIN_BACKOFF_MS / 1000,
    cause,
  });
}
