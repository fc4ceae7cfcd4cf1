import fc from 'fast-check';
import {
  MAX_EXPIRY_MINUTES,
  MIN_EXPIRY_MINUTES,
  type Scope,
  scopeSchema,
} from '../../../shared/acs/accessToken.ts';
import type { TokenLimits, TokenRequest } from '../../../shared/http/contract.ts';

/** Whatever a deployment may allow. */
export const limits: fc.Arbitrary<TokenLimits> = fc.record({
  allowedScopes: scopesAmong(scopeSchema.options),
  maxExpiryMinutes: fc.integer({ min: MIN_EXPIRY_MINUTES, max: MAX_EXPIRY_MINUTES }),
});

/** Every request that a deployment allows. */
export function validRequest({ allowedScopes, maxExpiryMinutes }: TokenLimits): fc.Arbitrary<TokenRequest> {
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
