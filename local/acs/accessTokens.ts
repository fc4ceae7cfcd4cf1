import { type KeyObject, randomUUID } from 'node:crypto';
import { errors } from 'jose';
import { formatExpiry } from './expiryTime.ts';
import type { TokenSigner } from './tokenSigner.ts';

/** An access token as the service returns it. */
export interface AccessToken {
  token: string;
  /** ISO 8601 with up to seven fraction digits. */
  expiresOn: string;
}

/** Whether a token is valid, and why it is not. */
export interface TokenStatus {
  valid: boolean;
  reason?: 'not_issued_here' | 'expired' | 'revoked' | 'identity_deleted' | 'access_key_regenerated';
}

/** The content of a new token. */
export interface TokenOptions {
  /** The identity that the token is for. */
  holder: string;
  scopes: readonly string[];
  /** Epoch milliseconds. */
  expiresAt: number;
  /** The access key that signed the request; undefined for a bearer token. */
  accessKey: Buffer | undefined;
  /** The Entra tenant of a Teams user. */
  tenantId?: string | undefined;
}

interface IssuedToken {
  issuedAt: number;
  accessKey: Buffer | undefined;
}

interface Holder {
  tokens: Map<string, IssuedToken>;
  validFrom: number;
}

/** Issues the access tokens of a resource, revokes them and checks them. */
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

  /** The key that verifies the signatures. */
  get publicKey(): KeyObject {
    return this.#signer.publicKey;
  }

  async issue({ holder, scopes, expiresAt, accessKey, tenantId }: TokenOptions): Promise<AccessToken> {
    const issuedAt = this.#now();
    const tokenId = randomUUID();
    // Stored before it is signed, so that a revocation during signing applies to it.
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
      // The calling SDK reads it.
      ...(tenantId === undefined ? {} : { tid: tenantId }),
      // Not in real tokens. Without it, two tokens of the same second would be identical.
      jti: tokenId,
    });
    return { token, expiresOn: formatExpiry(expiresAt) };
  }

  revokeAll(holder: string): void {
    this.#holder(holder).tokens.clear();
  }

  /** Revokes every token issued up to that time, which may be in the future. */
  revokeIssuedUntil(holder: string, validFrom: number): void {
    const held = this.#holder(holder);
    for (const [tokenId, { issuedAt }] of held.tokens) {
      if (issuedAt <= validFrom) held.tokens.delete(tokenId);
    }
    held.validFrom = validFrom;
  }

  /** Deletes every token of a deleted identity. */
  deleteHolder(holder: string): void {
    this.#holders.delete(holder);
  }

  async check(token: string): Promise<TokenStatus> {
    try {
      const { payload } = await this.#signer.verify<{ skypeid: string; jti: string }>(token, this.#now());
      return this.#status(`8:${payload.skypeid}`, payload.jti);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { valid: false, reason: 'expired' };
      if (error instanceof errors.JOSEError) return { valid: false, reason: 'not_issued_here' };
      throw error;
    }
  }

  #status(holder: string, tokenId: string): TokenStatus {
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
    const held = this.#holders.get(holder) ?? {
      tokens: new Map<string, IssuedToken>(),
      validFrom: -Infinity,
    };
    this.#holders.set(holder, held);
    return held;
  }
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
