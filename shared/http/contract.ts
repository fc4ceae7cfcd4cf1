import * as z from 'zod';
import { MIN_EXPIRY_MINUTES, type Scope } from '../acs/accessToken.ts';

/** A request body longer than this, in bytes, is refused unread. */
export const MAX_BODY_BYTES = 16 * 1024;

const guid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const userIdPattern = new RegExp(`^8:(?:acs|gcch-acs|dod-acs):${guid}_${guid}$`, 'i');

/** Whose token it is about: a communication user's id, or the caller's own. */
export const userIdSchema = z.union([
  z.literal('me'),
  z.string().regex(userIdPattern, 'must be a communication user id (8:acs:…) or me'),
]);

export interface TokenLimits {
  allowedScopes: readonly [Scope, ...Scope[]];
  maxExpiryMinutes: number;
}

/** What createUser and issueToken take, from a body or from a query. */
export function tokenRequestSchema({ allowedScopes, maxExpiryMinutes }: TokenLimits) {
  const bounds = `must be a whole number from ${MIN_EXPIRY_MINUTES} to ${maxExpiryMinutes}`;
  return z.strictObject(
    {
      scopes: z
        .array(
          z.enum(allowedScopes, `must be one of ${allowedScopes.join(', ')}`),
          'must be an array of scopes',
        )
        .min(1, 'must name at least one scope')
        .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice')
        .optional(),
      expiresInMinutes: z
        .int(bounds)
        .min(MIN_EXPIRY_MINUTES, bounds)
        .max(maxExpiryMinutes, bounds)
        .optional(),
    },
    'must be a JSON object',
  );
}

export type TokenRequest = z.output<ReturnType<typeof tokenRequestSchema>>;

/** The communication user as every answer names it. */
export interface User {
  communicationUserId: string;
}

/** An issued access token; `expiresOn` is an ISO 8601 instant in UTC. */
export interface IssuedToken {
  token: string;
  expiresOn: string;
  user: User;
}

/** A created communication user, with its first token when scopes were asked for. */
export type CreatedUser = { user: User } | IssuedToken;
