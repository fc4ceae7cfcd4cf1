import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scopeSchema } from '../../../shared/acs/accessToken.ts';
import { teamsTokenRequestSchema, tokenRequestSchema, userIdSchema } from '../../../shared/http/contract.ts';
import { policies, validRequest } from '../support/tokenRequests.ts';

const userIds = fc
  .tuple(fc.constantFrom('acs', 'gcch-acs', 'dod-acs'), fc.uuid(), fc.uuid())
  .map(([cloud, resource, user]) => `8:${cloud}:${resource}_${user}`);

describe('a token request', () => {
  test('is accepted unchanged when the policy allows it', () => {
    const valid = policies.chain((policy) => fc.tuple(fc.constant(policy), validRequest(policy)));

    fc.assert(
      fc.property(valid, ([policy, request]) => {
        const parsed = tokenRequestSchema(policy).safeParse(request);

        expect(parsed).toEqual({ success: true, data: request });
      }),
    );
  });

  test('is accepted exactly when its expiry is a whole number of minutes within the bounds', () => {
    const minutes = fc.oneof(
      fc.integer({ min: -10, max: 1500 }),
      fc.double(),
      fc.constantFrom(59, 59.999, 60, 60.5, 1440, 1440.5, 1441, NaN, Infinity, -Infinity, -0, 2 ** 53),
    );

    fc.assert(
      fc.property(policies, minutes, (policy, expiresInMinutes) => {
        const { success } = tokenRequestSchema(policy).safeParse({ expiresInMinutes });

        const within = expiresInMinutes >= 60 && expiresInMinutes <= policy.maxExpiryMinutes;
        expect(success).toBe(Number.isInteger(expiresInMinutes) && within);
      }),
    );
  });

  test('is accepted exactly when its scopes are allowed and none is repeated', () => {
    const names = fc.array(fc.oneof(fc.constantFrom(...scopeSchema.options), fc.constant('pstn')), {
      maxLength: 4,
    });

    fc.assert(
      fc.property(policies, names, (policy, scopes) => {
        const { success } = tokenRequestSchema(policy).safeParse({ scopes });

        const allowed = scopes.every((scope) => (policy.allowedScopes as readonly string[]).includes(scope));
        expect(success).toBe(scopes.length > 0 && allowed && new Set(scopes).size === scopes.length);
      }),
    );
  });
});

describe('a Teams token request', () => {
  const accepts = (body: unknown) => teamsTokenRequestSchema.safeParse(body).success;

  test.each(['eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.c2ln-_', 'opaque~+/token=='])(
    'accepts the token %s',
    (token) => {
      expect(accepts({ teamsUserToken: token })).toBe(true);
    },
  );

  test.each(['', ' ', 'a b', 'a\n', 'a"b', 'ä', 'Bearer a', 7, null, undefined, ['a']])(
    'rejects the token %j',
    (teamsUserToken) => {
      expect(accepts({ teamsUserToken })).toBe(false);
    },
  );

  test.each(['userObjectId', 'clientId', 'userId', 'appId', 'scopes'])('rejects the field %s', (field) => {
    expect(accepts({ teamsUserToken: 'a.b.c', [field]: 'x' })).toBe(false);
  });
});

describe('a user id', () => {
  test('is accepted from every cloud, in lower case only', () => {
    fc.assert(
      fc.property(userIds, (id) => {
        const parsed = userIdSchema.safeParse(id);

        expect(parsed).toEqual({ success: true, data: id });
        expect(userIdSchema.safeParse(id.toUpperCase()).success).toBe(false);
      }),
    );
  });

  test('is rejected when one character is changed, removed or added', () => {
    const change = fc.constantFrom<(id: string, at: number, other: string) => string>(
      (id, at, other) => id.slice(0, at) + other + id.slice(at + 1),
      (id, at) => id.slice(0, at) + id.slice(at + 1),
      (id, at, other) => id.slice(0, at) + other + id.slice(at),
    );
    // Among them a Cyrillic о, a long ſ, a Kelvin K, full-width digits and colons, invisible characters.
    const other = fc.constantFrom(
      ...Array.from(' \n\r\t\0/\\%.*?#&<>"\'zоſK１：\u200b\u202e\ufeff'),
      '%2F',
      '..',
      '%3A',
    );

    fc.assert(
      fc.property(userIds, fc.nat(), other, change, (id, position, character, alter) => {
        const altered = alter(id, position % id.length, character);

        const { success } = userIdSchema.safeParse(altered);

        expect(success).toBe(false);
      }),
    );
  });

  test('is rejected when it is any other text than me', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { success } = userIdSchema.safeParse(text);

        expect(success).toBe(text === 'me');
      }),
    );
  });
});
