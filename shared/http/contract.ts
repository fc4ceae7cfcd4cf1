import * as z from 'zod';
import { MIN_EXPIRY_MINUTES, type Scope } from '../acs/accessToken.ts';
import { guidPattern, userIdPattern } from '../acs/communicationUserId.ts';

/** A request body longer than this, in bytes, is rejected unread. */
export const MAX_BODY_BYTES = 16 * 1024;

/** OpenID Connect limits `sub` to 255 characters; other claims may be longer. */
const MAX_SUBJECT_LENGTH = 1024;

/** The communication user that a request is about: an id, or `me` for the caller's own. */
export const userIdSchema = z.union([
  z.literal('me'),
  z
    .string()
    .regex(
      userIdPattern,
      'must be a communication user id as Communication Services returns it (8:acs:…, lower case) or me',
    ),
]);

/** What tokens may be issued, and what is issued when the request leaves it open. */
export interface TokenPolicy {
  allowedScopes: readonly [Scope, ...Scope[]];
  defaultScopes: readonly Scope[];
  maxExpiryMinutes: number;
  defaultExpiryMinutes: number;
  /** The share by which the default expiry is shortened at most, in percent. */
  expirySpreadPercent: number;
}

/** The fields that createUser and issueToken accept, in the body or in the query. */
export function tokenRequestSchema({
  allowedScopes,
  maxExpiryMinutes,
}: Pick<TokenPolicy, 'allowedScopes' | 'maxExpiryMinutes'>) {
  const bounds = `must be a whole number from ${MIN_EXPIRY_MINUTES} to ${maxExpiryMinutes}`;
  return z.strictObject(
    {
      scopes: z
        .array(
          z.enum(allowedScopes, `must be one of ${allowedScopes.join(', ')}`),
          'must be an array of scopes',
        )
        .min(1, 'must name at least one scope')
        .refine((scopes) => new Set(scopes).size === scopes.length, 'must name each scope only once')
        .meta({ uniqueItems: true })
        .optional()
        .describe('The scopes of the token. Without them, issueToken applies the default.'),
      expiresInMinutes: z
        .int(bounds)
        .min(MIN_EXPIRY_MINUTES, bounds)
        .max(maxExpiryMinutes, bounds)
        .optional()
        .describe('The lifetime of the token. Without it, the service applies its default.'),
    },
    'must be a JSON object',
  );
}

/** The fields that createUser accepts in the body: `subject` is for services that sign users in with OIDC. */
export function newUserSchema(policy: Pick<TokenPolicy, 'allowedScopes' | 'maxExpiryMinutes'>) {
  return tokenRequestSchema(policy).extend({
    subject: z
      .string('must be a string')
      .min(1, 'must not be empty')
      .max(MAX_SUBJECT_LENGTH, `must not be longer than ${MAX_SUBJECT_LENGTH} characters`)
      .optional()
      .describe('The app user to create the communication user for. Services that sign users in only.'),
    tenantId: z
      .string('must be a string')
      .regex(guidPattern, 'must be a GUID in lower case')
      .optional()
      .describe('The tenant of the subject, when the service identifies users by their Entra ID object id.'),
  });
}

/** The body of exchangeTeamsToken. Whose token it is and for which application is never read from a request. */
export const teamsTokenRequestSchema = z.strictObject(
  {
    teamsUserToken: z
      .string('must be the Entra ID token of the Teams user')
      .regex(/^[\w.~+/-]+=*$/, 'must be a token: letters, digits and -._~+/ only')
      .describe('The Entra ID token of the Teams user, who must be the caller.'),
  },
  'must be a JSON object',
);

export type NewUserRequest = z.output<ReturnType<typeof newUserSchema>>;

export type TokenRequest = z.output<ReturnType<typeof tokenRequestSchema>>;
