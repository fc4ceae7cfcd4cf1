import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type JWTPayload, type JWTVerifyResult, jwtVerify, SignJWT } from 'jose';

/** Signs access tokens with a key created at start. */
export class TokenSigner {
  readonly publicKey: KeyObject;
  #privateKey: KeyObject;
  #header: { alg: string; kid: string; x5t: string; typ: string };

  private constructor(publicKey: KeyObject, privateKey: KeyObject) {
    const thumbprint = createHash('sha1')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest();
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    this.#header = {
      alg: 'RS256',
      kid: thumbprint.toString('hex').toUpperCase(),
      x5t: thumbprint.toString('base64url'),
      typ: 'JWT',
    };
  }

  static async create(): Promise<TokenSigner> {
    const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    return new TokenSigner(publicKey, privateKey);
  }

  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims).setProtectedHeader(this.#header).sign(this.#privateKey);
  }

  /** Rejects with a jose error when the signature is invalid or the token has expired. */
  verify<Claims>(token: string, now: number): Promise<JWTVerifyResult<Claims>> {
    return jwtVerify<Claims>(token, this.publicKey, { currentDate: new Date(now) });
  }
}
