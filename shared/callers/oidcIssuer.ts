import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { within } from '../azure/deadline.ts';
import { Fault, misconfigured } from '../errors.ts';
import { isLoopback } from '../azure/loopback.ts';

const FETCH_TIMEOUT_MS = 4000;
const DISCOVERY_TTL_MS = 60 * 60 * 1000;
const KEYS_TTL_MS = 10 * 60 * 1000;
/** An unknown key id makes the keys be fetched again no more often than this. */
const KEYS_COOLDOWN_MS = 5000;
const RETRY_AFTER_SECONDS = 5;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** An OpenID Connect issuer: where its keys are is discovered once in a while, by one request at a time. */
export class OidcIssuer {
  readonly #issuer: string;
  #discovered: { keys: JWTVerifyGetKey; staleAt: number } | undefined;
  #discovering: Promise<JWTVerifyGetKey> | undefined;

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  /** Finds the key that signed a token. Throws `upstream_unavailable` when the issuer cannot be reached. */
  async keys(signal: AbortSignal): Promise<JWTVerifyGetKey> {
    if (this.#discovered !== undefined && performance.now() < this.#discovered.staleAt) {
      return this.#discovered.keys;
    }
    this.#discovering ??= this.#discover().finally(() => {
      this.#discovering = undefined;
    });
    const known = this.#discovered?.keys;
    return within(signal, this.#discovering).catch((error: unknown) => {
      if (known !== undefined) return known;
      throw error;
    });
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const { issuer, jwks_uri } = await fetchDiscovery(this.#issuer);
    if (issuer !== this.#issuer) {
      throw misconfigured('OIDC_ISSUER is not the issuer that its discovery document names, to the letter.');
    }
    const url = URL.parse(jwks_uri);
    if (url === null || !(url.protocol === 'https:' || isLoopback(url))) {
      throw misconfigured('The jwks_uri that OIDC_ISSUER announces is not https.');
    }
    const remote = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      cacheMaxAge: KEYS_TTL_MS,
    });
    const keys: JWTVerifyGetKey = (header, token) =>
      remote(header, token).catch((error: unknown) => {
        throw isAboutTheToken(error) ? error : unreachable(error);
      });
    this.#discovered = { keys, staleAt: performance.now() + DISCOVERY_TTL_MS };
    return keys;
  }
}

async function fetchDiscovery(issuer: string): Promise<z.output<typeof discoverySchema>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (response.ok) return discoverySchema.parse(await response.json());
    throw new Error(`The discovery document answers ${response.status}.`);
  } catch (error) {
    throw unreachable(error);
  }
}

/** Fetching the keys fails with the issuer, finding none among them with the token. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function unreachable(cause: unknown): Fault {
  return new Fault('upstream_unavailable', 'The identity provider cannot be reached right now; try again.', {
    note: 'OIDC_ISSUER cannot be reached.',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
