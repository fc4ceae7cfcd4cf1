import fc from 'fast-check';
import {
  MAX_EXPIRY_MINUTES,
  MIN_EXPIRY_MINUTES,
  type Scope,
  scopeSchema,
} from '../../../shared/acs/accessToken.ts';
import type { TokenPolicy, TokenRequest } from '../../../shared/http/contract.ts';

/** Any policy that a deployment may have. */
export const policies: fc.Arbitrary<TokenPolicy> = fc
  .record({
    allowedScopes: scopesAmong(scopeSchema.options),
    maxExpiryMinutes: fc.integer({ min: MIN_EXPIRY_MINUTES, max: MAX_EXPIRY_MINUTES }),
  })
  .chain((limits) =>
    fc.record({
      allowedScopes: fc.constant(limits.allowedScopes),
      defaultScopes: scopesAmong(limits.allowedScopes),
      maxExpiryMinutes: fc.constant(limits.maxExpiryMinutes),
      defaultExpiryMinutes: fc.integer({ min: MIN_EXPIRY_MINUTES, max: limits.maxExpiryMinutes }),
      expirySpreadPercent: fc.integer({ min: 0, max: 50 }),
    }),
  );

/** Any request that the policy allows. */
export function validRequest({ allowedScopes, maxExpiryMinutes }: TokenPolicy): fc.Arbitrary<TokenRequest> {
  return fc.record(
    {
      scopes: scopesAmong(allowedScopes),
      expiresInMinutes: fc.integer({ min: MIN_EXPIRY_MINUTES, max: maxExpiryMinutes }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
}

function scopesAmong(scopes: readonly Scope[]): fc.Arbitrary<[Scope, ...Scope[]]> {
  return fc.shuffledSubarray([...scopes], { minLength: 1 }).map((chosen) => chosen as [Scope, ...Scope[]]);
}
