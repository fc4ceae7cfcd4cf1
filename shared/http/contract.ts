import * as z from 'zod/mini';
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
    .check(
      z.regex(
        userIdPattern,
        'must be a communication user id as Communication Services returns it (8:acs:…, lower case) or me',
      ),
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
        .optional(
          z
            .array(
              z.enum(allowedScopes, `must be one of ${allowedScopes.join(', ')}`),
              'must be an array of scopes',
            )
            .check(
              z.minLength(1, 'must name at least one scope'),
              z.refine((scopes) => new Set(scopes).size === scopes.length, 'must name each scope only once'),
              z.meta({ uniqueItems: true }),
            ),
        )
        .check(z.describe('The scopes of the token. Without them, issueToken applies the default.')),
      expiresInMinutes: z
        .optional(z.int(bounds).check(z.gte(MIN_EXPIRY_MINUTES, bounds), z.lte(maxExpiryMinutes, bounds)))
        .check(z.describe('The lifetime of the token. Without it, the service applies its default.')),
    },
    'must be a JSON object',
  );
}

/** The fields that createUser accepts in the body: `subject` is for services that sign users in with OIDC. */
export function newUserSchema(policy: Pick<TokenPolicy, 'allowedScopes' | 'maxExpiryMinutes'>) {
  return z.extend(tokenRequestSchema(policy), {
    subject: z
      .optional(
        z
          .string('must be a string')
          .check(
            z.minLength(1, 'must not be empty'),
            z.maxLength(MAX_SUBJECT_LENGTH, `must not be longer than ${MAX_SUBJECT_LENGTH} characters`),
          ),
      )
      .check(
        z.describe('The app user to create the communication user for. Services that sign users in only.'),
      ),
    tenantId: z
      .optional(z.string('must be a string').check(z.regex(guidPattern, 'must be a GUID in lower case')))
      .check(
        z.describe(
          'The tenant of the subject, when the service identifies users by their Entra ID object id.',
        ),
      ),
  });
}

/** The body of exchangeTeamsToken. Whose token it is and for which application is never read from a request. */
export const teamsTokenRequestSchema = z.strictObject(
  {
    teamsUserToken: z
      .string('must be the Entra ID token of the Teams user')
      .check(
        z.regex(/^[\w.~+/-]+=*$/, 'must be a token: letters, digits and -._~+/ only'),
        z.describe('The Entra ID token of the Teams user, who must be the caller.'),
      ),
  },
  'must be a JSON object',
);

export type NewUserRequest = z.output<ReturnType<typeof newUserSchema>>;

export type TokenRequest = z.output<ReturnType<typeof tokenRequestSchema>>;
