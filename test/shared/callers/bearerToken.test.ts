import { expect, test } from '@jest/globals';
import { rejectUnverifiable } from '../../../shared/callers/bearerToken.ts';

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
