import type { HttpRequest } from '@azure/functions';
import { type JWTPayload, jwtVerify } from 'jose';
import type { Caller, Callers } from './caller.ts';
import { abortable } from '../azure/deadline.ts';
import { ServiceError, unauthenticated } from '../errors.ts';
import type { OidcIssuer } from './oidcIssuer.ts';
import { subjectKey } from './subjectKey.ts';

/** In characters; real tokens are far shorter. */
const MAX_TOKEN_LENGTH = 16 * 1024;
const CLOCK_TOLERANCE_SECONDS = 30;
/** Asymmetric ones only: with HS256 an attacker could sign with the public key. */
const ALGORITHMS = [
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

export interface OidcSettings {
  /** Exactly the `iss` of the tokens. */
  issuer: string;
  audience: string;
  adminRole: string;
  subjectClaim: string;
}

/** Identifies callers by a bearer token of the app's own identity provider. */
export function oidcCallers(settings: OidcSettings, issuer: OidcIssuer): Callers {
  return {
    async identify(request, signal) {
      const token = readBearer(request);
      const verified = abortable(
        signal,
        jwtVerify(token, issuer.keyFinder(signal), {
          issuer: settings.issuer,
          audience: settings.audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['exp', settings.subjectClaim],
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
        }),
      );
      const { payload } = await verified.catch((error: unknown) => {
        throw toTokenError(error, settings);
      });
      return callerOf(payload, settings);
    },
  };
}

function readBearer(request: HttpRequest): string {
  const header = request.headers.get('authorization');
  if (header === null) throw unauthenticated();
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw unauthenticated('The Authorization header must be one bearer token.');
  if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated('The token is too long.');
  return token;
}

function callerOf(payload: JWTPayload, { issuer, adminRole, subjectClaim }: OidcSettings): Caller {
  if ((payload.iat ?? 0) > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) {
    throw unauthenticated('The token was issued in the future.');
  }
  // An object id of Entra ID is unique only within its tenant.
  const claims = subjectClaim === 'oid' ? ['tid', 'oid'] : [subjectClaim];
  const subject = subjectKey(issuer, ...claims.map((claim) => requireClaim(payload, claim)));
  const roles: unknown = payload['roles'];
  return { kind: Array.isArray(roles) && roles.includes(adminRole) ? 'service' : 'user', subject };
}

function requireClaim(payload: JWTPayload, name: string): string {
  const value = payload[name];
  if (typeof value === 'string' && value !== '') return value;
  throw unauthenticated(`The token has no ${name} claim.`);
}

/** What is wrong with a token, for the app's developer. Errors of the issuer stay as they are. */
function toTokenError(error: unknown, { subjectClaim }: OidcSettings): unknown {
  if (error instanceof ServiceError || !(error instanceof Error) || !('code' in error)) return error;
  const claim = 'claim' in error ? error.claim : undefined;
  switch (error.code) {
    case 'ERR_JWT_EXPIRED':
      return unauthenticated('The token has expired.', error);
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (claim === 'aud') return unauthenticated('The token is for another audience.', error);
      if (claim === 'iss') return unauthenticated('The token is from another issuer.', error);
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
