import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rejectUnverifiable, toTokenError } from '../../../shared/callers/bearerToken.ts';
import { ServiceError } from '../../../shared/errors.ts';

const ISSUER = 'https://issuer.example';

/** A token with a signature that nobody has checked. */
function tokenOf(header: object, payload: object = {}): string {
  const encoded = [
    { alg: 'RS256', ...header },
    { iss: ISSUER, ...payload },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...encoded, 'signature'].join('.');
}

test.each([
  {},
  { typ: 'JWT' },
  { typ: 'jwt' },
  { typ: 'at+jwt' },
  { typ: 'AT+JWT' },
  { typ: 'application/at+jwt' },
  { alg: 'EdDSA' },
])('accepts the header %j', (header) => {
  expect(() => {
    rejectUnverifiable(tokenOf(header), ISSUER);
  }).not.toThrow();
});

test.each([
  ['alg none', tokenOf({ alg: 'none' }), /accepted algorithm/],
  ['alg HS256', tokenOf({ alg: 'HS256' }), /accepted algorithm/],
  ['no alg', tokenOf({ alg: undefined }), /accepted algorithm/],
  ['the typ of a logout token', tokenOf({ typ: 'logout+jwt' }), /typ/],
  ['a typ that is not text', tokenOf({ typ: 5 }), /typ/],
  ['a typ that is null', tokenOf({ typ: null }), /typ/],
  ['the typ of a DPoP proof', tokenOf({ typ: 'dpop+jwt' }), /typ/],
  ['another issuer', tokenOf({}, { iss: 'https://attacker.example' }), /another issuer/],
  ['no issuer', tokenOf({}, { iss: undefined }), /another issuer/],
  ['a key to prove', tokenOf({}, { cnf: { jkt: 'thumbprint' } }), /cnf/],
  ['a payload that is not JSON', tokenOf({}).replace(/\..*\./, '.!.'), /not a JWT/],
  ['one part', 'token', /not a JWT/],
])('rejects a token with %s as unauthenticated', (_title, token, tokenError) => {
  expect(() => {
    rejectUnverifiable(token, ISSUER);
  }).toThrow(
    expect.objectContaining({ code: 'unauthenticated', tokenError: expect.stringMatching(tokenError) }),
  );
});

test('accepts a token or rejects it as unauthenticated, whatever its header and its claims are', () => {
  const headerParameter = fc.constantFrom('alg', 'typ', 'kid', 'crit', 'b64', 'jwk');
  const claim = fc.constantFrom('iss', 'aud', 'exp', 'sub', 'cnf');
  const header = fc.dictionary(headerParameter, fc.jsonValue());
  const payload = fc.dictionary(claim, fc.jsonValue());
  fc.assert(
    fc.property(header, payload, (headerParameters, claims) => {
      try {
        rejectUnverifiable(tokenOf(headerParameters, claims), ISSUER);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ServiceError', code: 'unauthenticated' });
      }
    }),
  );
});

const joseError = (code: string, claim?: string) => Object.assign(new Error('text of jose'), { code, claim });

test.each([
  ['ERR_JWT_EXPIRED', undefined, 'The token has expired.'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'aud', 'The token is for another audience.'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'nbf', 'The token is not valid yet.'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'uid', 'The token has no uid claim.'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'sub', 'The token lacks a claim or has a wrong one.'],
  ['ERR_JWKS_NO_MATCHING_KEY', undefined, 'The signature of the token is not valid.'],
  ['ERR_JWKS_MULTIPLE_MATCHING_KEYS', undefined, 'The signature of the token is not valid.'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', undefined, 'The signature of the token is not valid.'],
  ['ERR_JOSE_ALG_NOT_ALLOWED', undefined, 'The token is not a JWT signed with an accepted algorithm.'],
  ['ERR_JOSE_NOT_SUPPORTED', undefined, 'The token is not a JWT signed with an accepted algorithm.'],
  ['ERR_JWS_INVALID', undefined, 'The token is not a JWT signed with an accepted algorithm.'],
  ['ERR_JWT_INVALID', undefined, 'The token is not a JWT signed with an accepted algorithm.'],
])('%s of jose, claim %s, is unauthenticated: %s', (code, claim, message) => {
  const cause = joseError(code, claim);

  expect(toTokenError(cause, 'uid')).toMatchObject({ code: 'unauthenticated', tokenError: message, cause });
});

test.each([
  new ServiceError('upstream_unavailable', 'The identity provider is unavailable.'),
  new TypeError('bug'),
  joseError('ERR_JWKS_TIMEOUT'),
  'text',
])('an error that says nothing about the token stays as it is: %s', (error) => {
  expect(toTokenError(error, 'sub')).toBe(error);
});
