import { describe, expect, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { subjectKey } from '../../../shared/callers/subjectKey.ts';
import { callerOf, type TokenClaimRules } from '../../../shared/callers/tokenClaims.ts';

const ISSUER = 'https://issuer.example';
const rules: TokenClaimRules = {
  issuer: ISSUER,
  adminRole: 'Admin',
  subjectClaim: 'sub',
  requiredScopes: ['tokens', 'calls'],
  allowedClients: undefined,
};
/** The claims of an end user's token. */
const claims = { sub: 'alice', scp: 'tokens', azp: 'web' };

function codeOf(payload: JWTPayload, changes: Partial<TokenClaimRules> = {}): string {
  try {
    return callerOf(payload, { ...rules, ...changes }).kind;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('an end user', () => {
  test('is known by a hash of issuer and subject, and by the client', () => {
    const caller = callerOf(claims, rules);

    expect(caller).toEqual({ kind: 'user', subject: subjectKey(ISSUER, 'alice'), client: 'web' });
  });

  test('is known by tid and oid when the subject claim is oid', () => {
    const caller = callerOf({ ...claims, tid: 'tenant', oid: 'object' }, { ...rules, subjectClaim: 'oid' });

    expect(caller.subject).toBe(subjectKey(ISSUER, 'tenant', 'object'));
  });

  test.each([
    ['4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61', '4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61'],
    [undefined, undefined],
    ['', undefined],
    ['alice', undefined],
    ['4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61 ', undefined],
    [['4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61'], undefined],
  ])('has an object id only if its oid is a GUID: %j', (oid, objectId) => {
    const caller = callerOf({ ...claims, oid }, rules);

    expect(caller).toMatchObject({ kind: 'user', objectId });
  });

  test.each([undefined, null, '', 7, true, ['alice'], { id: 'alice' }])(
    'is unauthenticated when the subject claim is %j',
    (value) => {
      expect(codeOf({ ...claims, uid: value }, { subjectClaim: 'uid' })).toBe('unauthenticated');
    },
  );

  test.each([{ tid: 'tenant' }, { oid: 'object' }, { tid: '', oid: 'object' }])(
    'is unauthenticated when the subject claim is oid and the token has only %j',
    (ids) => {
      expect(codeOf({ ...claims, ...ids }, { subjectClaim: 'oid' })).toBe('unauthenticated');
    },
  );

  test.each<JWTPayload>([
    { scp: 'calls' },
    { scp: 'profile tokens' },
    { scp: ['profile', 'tokens'] },
    { scope: 'openid calls' },
    { scp: 'profile', scope: 'tokens' },
  ])('needs one of the required scopes, and has it with %j', (scopes) => {
    expect(codeOf({ sub: 'alice', ...scopes })).toBe('user');
  });

  test.each<JWTPayload>([
    {},
    { scp: '' },
    { scp: 'Tokens' },
    { scp: 'tokens.read' },
    { scp: 'tokens,calls' },
    { scp: [['tokens']] },
    { scp: { tokens: true } },
    { roles: ['tokens'] },
  ])('is forbidden with none of the required scopes: %j', (scopes) => {
    expect(codeOf({ sub: 'alice', ...scopes })).toBe('forbidden');
  });

  test('needs no scope when none is required', () => {
    expect(codeOf({ sub: 'alice' }, { requiredScopes: undefined })).toBe('user');
  });

  test.each([
    [20, 'user'],
    [60, 'unauthenticated'],
  ])('may have a token issued %d seconds in the future: %s', (seconds, expected) => {
    expect(codeOf({ ...claims, iat: Date.now() / 1000 + seconds })).toBe(expected);
  });
});

describe("an application's own token", () => {
  test.each<JWTPayload>([
    { idtyp: 'app' },
    { gty: 'client-credentials' },
    { sub: 'web' },
    { azp: undefined, sub: 'daemon', appid: 'daemon' },
    { azp: undefined, sub: 'daemon', client_id: 'daemon' },
    { azp: undefined, sub: 'daemon', cid: 'daemon' },
  ])('is forbidden, even with a required scope: %j', (changes) => {
    const payload = { ...claims, ...changes };

    expect(codeOf(payload)).toBe('forbidden');
    expect(codeOf({ ...payload, roles: ['Admin'] })).toBe('service');
  });
});

describe('the allowed clients', () => {
  test.each<[JWTPayload, string]>([
    [{ azp: 'web' }, 'user'],
    [{ azp: 'phone', appid: 'phone' }, 'user'],
    [{ azp: 'other' }, 'forbidden'],
    [{ azp: 'web', appid: 'other' }, 'forbidden'],
    [{ azp: undefined }, 'forbidden'],
    [{ azp: ['web'] }, 'forbidden'],
    [{ azp: 'other', roles: ['Admin'] }, 'forbidden'],
    [{ azp: 'web', roles: ['Admin'] }, 'service'],
  ])('decide that %j is %s', (changes, expected) => {
    const payload = { ...claims, ...changes } as JWTPayload;

    expect(codeOf(payload, { allowedClients: ['web', 'phone'] })).toBe(expected);
  });
});
