import { expect, test } from '@jest/globals';
import { oidcCallers, type OidcSettings } from '../../../shared/callers/oidcCallers.ts';
import { OidcIssuer } from '../../../shared/callers/oidcIssuer.ts';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { request } from '../support/request.ts';

const ISSUER = 'https://issuer.example';
const { signal } = new AbortController();
const settings: OidcSettings = {
  issuer: ISSUER,
  audience: 'api://tokens',
  adminRole: 'Admin',
  subjectClaim: 'sub',
  requiredScopes: undefined,
  allowedClients: undefined,
};

test.each([
  ['no Authorization header', {}],
  ['another scheme', { authorization: 'Basic YWxpY2U6c2VjcmV0' }],
  ['a token that is not a JWT', { authorization: 'Bearer garbage' }],
  ['a token of another issuer', { authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJvdGhlciJ9.c2ln' }],
])('fetches nothing from the issuer for a request with %s', async (_title, headers) => {
  let fetches = 0;
  const fetch = () => {
    fetches += 1;
    return Promise.reject(new Error('The issuer is unavailable.'));
  };
  const callers = oidcCallers(settings, new OidcIssuer(ISSUER, { fetch }));

  const identified = callers.identify(request({ headers }), signal);

  await expect(identified).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(fetches).toBe(0);
});

test.each([
  ['sub', { subject: 'alice', tenantId: undefined }, ['alice']],
  ['oid', { subject: 'object', tenantId: 'tenant' }, ['tenant', 'object']],
])('identifies the end user that a service names by %s as its token does', (subjectClaim, appUser, names) => {
  const callers = oidcCallers({ ...settings, subjectClaim }, new OidcIssuer(ISSUER));

  expect(callers.endUser(appUser)).toEqual({ kind: 'user', subject: subjectKey(ISSUER, ...names) });
});

test.each([
  ['oid', { subject: 'object', tenantId: undefined }],
  ['sub', { subject: 'alice', tenantId: 'tenant' }],
])('needs a tenantId exactly when the subject claim is oid: %s, %j', (subjectClaim, appUser) => {
  const callers = oidcCallers({ ...settings, subjectClaim }, new OidcIssuer(ISSUER));

  expect(() => callers.endUser(appUser)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      errors: [expect.objectContaining({ path: 'tenantId' })],
    }),
  );
});
