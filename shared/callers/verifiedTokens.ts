import { hash } from 'node:crypto';
import type { Caller } from './caller.ts';
import type { KeySet } from './oidcIssuer.ts';

/** About 5 MB. With more tokens, the earliest are verified again. */
const MAX_TOKENS = 10_000;

/** A bearer token that was verified. */
export interface VerifiedToken {
  caller: Caller;
  /** The issuer's keys that the signature was verified with. */
  keys: KeySet;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/**
 * The callers of bearer tokens that were verified, each until its token expires or the issuer's keys are fetched again:
 * a token whose key the issuer withdraws is accepted no longer than without this cache. Keeps hashes, not tokens.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, VerifiedToken>();
  readonly #clock: () => number;

  constructor(clock: () => number = () => Date.now()) {
    this.#clock = clock;
  }

  /** Compare its keys with the issuer's keys of now. */
  find(token: string): VerifiedToken | undefined {
    const known = this.#tokens.get(digest(token));
    return known !== undefined && this.#clock() < known.expiresAt ? known : undefined;
  }

  add(token: string, verified: VerifiedToken): void {
    const key = digest(token);
    this.#tokens.delete(key);
    this.#tokens.set(key, verified);
    const [oldest = key] = this.#tokens.keys();
    if (this.#tokens.size > MAX_TOKENS) this.#tokens.delete(oldest);
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}
