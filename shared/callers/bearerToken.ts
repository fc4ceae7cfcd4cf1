import { decodeJwt, decodeProtectedHeader } from 'jose';
import { ServiceError, unauthenticated } from '../errors.ts';

export const CLOCK_TOLERANCE_SECONDS = 30;
/** Asymmetric ones only: with HS256 an attacker could sign with the public key. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** In lower case. RFC 9068 for access tokens, RFC 7519 for others. */
const TOKEN_TYPES = ['jwt', 'at+jwt', 'application/at+jwt'];

/** Rejects a token that cannot pass, before anything is fetched from the issuer for it. Verifies no signature. */
export function rejectUnverifiable(token: string, issuer: string): void {
  const { header, payload } = decode(token);
  if (header.alg === undefined || !ALGORITHMS.includes(header.alg)) {
    throw unauthenticated('The token is not a JWT signed with an accepted algorithm.');
  }
  if (header.typ !== undefined && !isTokenType(header.typ)) {
    throw unauthenticated('The token is not an access token: its typ is not JWT or at+jwt.');
  }
  if (payload.iss !== issuer) throw unauthenticated('The token is from another issuer.');
  // The bearer of such a token must prove possession of a key, which this service does not check.
  if ('cnf' in payload) throw unauthenticated('The token is bound to a key (cnf), which is not supported.');
}

/** jose gives `typ` as it is in the token, which can be any JSON. */
function isTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && TOKEN_TYPES.includes(typ.toLowerCase());
}

function decode(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch (error) {
    throw unauthenticated('The token is not a JWT signed with an accepted algorithm.', error);
  }
}

/** What is wrong with a token, for the app's developer. Errors of the issuer stay as they are. */
export function toTokenError(error: unknown, subjectClaim: string): unknown {
  if (error instanceof ServiceError || !(error instanceof Error) || !('code' in error)) return error;
  const claim = 'claim' in error ? error.claim : undefined;
  switch (error.code) {
    case 'ERR_JWT_EXPIRED':
      return unauthenticated('The token has expired.', error);
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (claim === 'aud') return unauthenticated('The token is for another audience.', error);
      if (claim === 'nbf') return unauthenticated('The token is not valid yet.', error);
      if (claim === subjectClaim) return unauthenticated(`The token has no ${subjectClaim} claim.`, error);
      return unauthenticated('The token lacks a claim or has a wrong one.', error);
    case 'ERR_JWKS_NO_MATCHING_KEY':
    case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return unauthenticated('The signature of the token is not valid.', error);
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
    case 'ERR_JOSE_NOT_SUPPORTED':
    case 'ERR_JWS_INVALID':
    case 'ERR_JWT_INVALID':
      return unauthenticated('The token is not a JWT signed with an accepted algorithm.', error);
    default:
      return error;
  }
}
