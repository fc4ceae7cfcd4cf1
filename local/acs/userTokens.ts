import { type KeyObject, randomUUID } from 'node:crypto';
import { errors } from 'jose';
import type { TokenSigner } from './tokenSigner.ts';

export interface AccessToken {
  token: string;
  /** ISO 8601 with the service's seven fraction digits. */
  expiresOn: string;
}

export interface TokenVerdict {
  valid: boolean;
  reason?: 'not_issued_here' | 'expired' | 'revoked' | 'identity_deleted' | 'access_key_regenerated';
}

export interface TokenTerms {
  /** The identity it is for. */
  holder: string;
  scopes: readonly string[];
  /** Epoch milliseconds. */
  expiresAt: number;
  /** The access key that signed the request; none when it came with a bearer token. */
  accessKey: Buffer | undefined;
}

interface Issued {
  issuedAt: number;
  accessKey: Buffer | undefined;
}

interface Holder {
  tokens: Map<string, Issued>;
  validFrom: number;
}

/** Issues the resource's access tokens and knows which of them are still good. */
export class AccessTokens {
  #signer: TokenSigner;
  #resourceId: string;
  #now: () => number;
  #currentAccessKeys: () => Buffer[];
  #holders = new Map<string, Holder>();

  constructor(signer: TokenSigner, resourceId: string, now: () => number, currentAccessKeys: () => Buffer[]) {
    this.#signer = signer;
    this.#resourceId = resourceId;
    this.#now = now;
    this.#currentAccessKeys = currentAccessKeys;
  }

  /** Verifies the tokens' signatures. */
  get publicKey(): KeyObject {
    return this.#signer.publicKey;
  }

  async issue({ holder, scopes, expiresAt, accessKey }: TokenTerms): Promise<AccessToken> {
    const issuedAt = this.#now();
    const tokenId = randomUUID();
    // On record before it is signed: a revocation that arrives meanwhile strikes it.
    this.#holder(holder).tokens.set(tokenId, { issuedAt, accessKey });
    const token = await this.#signer.sign({
      skypeid: holder.replace(/^8:/, ''),
      scp: 1792,
      csi: String(seconds(issuedAt)),
      exp: seconds(expiresAt),
      rgn: 'amer',
      acsScope: scopes.join(','),
      resourceId: this.#resourceId,
      resourceLocation: 'unitedstates',
      iat: seconds(issuedAt),
      // Not in real tokens: without it, those of one second would be one string, revoked and good at once.
      jti: tokenId,
    });
    return { token, expiresOn: new Date(expiresAt).toISOString().replace('Z', '0000+00:00') };
  }

  revokeAll(holder: string): void {
    this.#holder(holder).tokens.clear();
  }

  /** Revokes what was issued until then; a moment yet to come also strikes what is issued before it. */
  revokeIssuedUntil(holder: string, validFrom: number): void {
    const held = this.#holder(holder);
    for (const [tokenId, { issuedAt }] of held.tokens) {
      if (issuedAt <= validFrom) held.tokens.delete(tokenId);
    }
    held.validFrom = validFrom;
  }

  /** Forgets a deleted identity with all its tokens. */
  forget(holder: string): void {
    this.#holders.delete(holder);
  }

  async check(token: string): Promise<TokenVerdict> {
    try {
      const { payload } = await this.#signer.verify<{ skypeid: string; jti: string }>(token, this.#now());
      return this.#standing(`8:${payload.skypeid}`, payload.jti);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { valid: false, reason: 'expired' };
      if (error instanceof errors.JOSEError) return { valid: false, reason: 'not_issued_here' };
      throw error;
    }
  }

  #standing(holder: string, tokenId: string): TokenVerdict {
    const held = this.#holders.get(holder);
    if (held === undefined) return { valid: false, reason: 'identity_deleted' };
    const issued = held.tokens.get(tokenId);
    if (issued === undefined || issued.issuedAt < held.validFrom) return { valid: false, reason: 'revoked' };
    if (issued.accessKey !== undefined && !this.#currentAccessKeys().includes(issued.accessKey)) {
      return { valid: false, reason: 'access_key_regenerated' };
    }
    return { valid: true };
  }

  #holder(holder: string): Holder {
    const held = this.#holders.get(holder) ?? { tokens: new Map<string, Issued>(), validFrom: -Infinity };
    this.#holders.set(holder, held);
    return held;
  }
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
