import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const claimsSchema = z.object({ aud: z.string(), appid: z.string(), exp: z.number() });

/** The claims of a token, with Entra ID's names; times in seconds since 1970. */
export type Claims = z.output<typeof claimsSchema>;

const HEADER = encode({ typ: 'JWT', alg: 'HS256' });

/** Issues the managed identity's tokens and verifies them. */
export class EntraTokens {
  readonly #key = randomBytes(32);

  issue(claims: Claims): string {
    const signed = `${HEADER}.${encode(claims)}`;
    return `${signed}.${this.#sign(signed).toString('base64url')}`;
  }

  /** The claims of a token of this issuer, expired or not; undefined for any other text. */
  read(token: string): Claims | undefined {
    const [header, payload = '', signature = ''] = token.split('.');
    if (header !== HEADER) return undefined;
    const expected = this.#sign(`${header}.${payload}`);
    const actual = Buffer.from(signature, 'base64url');
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
    return claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  }

  #sign(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
