import { z } from 'zod';
import { invalid, invalidField } from './identityServiceError.ts';

// The messages for the expiry interval and for missing scopes are recorded; the others follow their wording.

const DEFAULT_EXPIRY_MINUTES = 1440;

const expiry = z
  .int({ error: ({ input }) => expiryMessage(input) })
  .min(60, { error: ({ input }) => expiryMessage(input) })
  .max(1440, { error: ({ input }) => expiryMessage(input) })
  .nullish()
  .transform((minutes) => minutes ?? DEFAULT_EXPIRY_MINUTES);

// ASP.NET ignores a field that the API version does not have.
const ignored = z
  .unknown()
  .optional()
  .transform(() => undefined);

const fixedExpiry = ignored.transform(() => DEFAULT_EXPIRY_MINUTES);

const expiryMessage = (input: unknown) =>
  `ExpiresInMinutes value ${JSON.stringify(input)} is invalid. Value must be within the [60, 1440] interval.`;

interface TokenRules {
  scopes: readonly string[];
  customExpiry: boolean;
}

const scopeList = (field: string, { scopes }: TokenRules) =>
  z.array(
    z.enum(scopes, {
      error: ({ input }) => `${field}: The scope ${JSON.stringify(input)} is not supported.`,
    }),
    { error: required(field) },
  );

/** The body of a token request. */
export const tokenRequest = (rules: TokenRules) =>
  z.object({
    scopes: scopeList('Scopes', rules),
    expiresInMinutes: rules.customExpiry ? expiry : fixedExpiry,
  });

/** The body of a request that creates an identity. */
export const createRequest = (rules: TokenRules) =>
  z.object({
    createTokenWithScopes: scopeList('CreateTokenWithScopes', rules).nullish(),
    expiresInMinutes: rules.customExpiry ? expiry : fixedExpiry,
  });

const invalidDate = 'TokensValidFrom: The value is not a date.';

/** The body of a preview request that revokes tokens. */
export const updateRequest = z.object({ tokensValidFrom: z.coerce.date({ error: invalidDate }).optional() });

/** The body of a Teams token exchange. The first API version has no `appId` and `userId`. */
export const teamsRequest = ({ checksUser }: { checksUser: boolean }) =>
  z.object({
    token: z.string({ error: required('Token') }),
    appId: checksUser ? text('AppId') : ignored,
    userId: checksUser ? text('UserId') : ignored,
  });

export type TeamsRequest = z.output<ReturnType<typeof teamsRequest>>;

/** Parses a body; no body means `{}`. Throws the service's validation error for the first invalid field. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(body ?? {});
  if (error === undefined) return data;
  const [issue] = error.issues;
  const path = String(issue?.path[0] ?? 'body');
  const field = path.charAt(0).toUpperCase() + path.slice(1);
  const message = issue?.message ?? 'The request is invalid.';
  // ASP.NET puts the field before its own messages.
  throw message.startsWith(`${field}: `) ? invalidField(field, message) : invalid(field, message);
}

function text(field: string) {
  return z.string({ error: required(field) }).min(1, { error: required(field) });
}

function required(field: string): string {
  return `${field}: The ${field} field is required.`;
}
