import { z } from 'zod';
import { invalid } from './errors.ts';

// Recorded: the messages about the expiry's interval and about missing scopes. The others are worded after them.

const defaultExpiryMinutes = 1440;

const expiry = z
  .int({ error: ({ input }) => expiryMessage(input) })
  .min(60, { error: ({ input }) => expiryMessage(input) })
  .max(1440, { error: ({ input }) => expiryMessage(input) })
  .nullish()
  .transform((minutes) => minutes ?? defaultExpiryMinutes);

// ASP.NET ignores a field that the API version does not know.
const fixedExpiry = z
  .unknown()
  .optional()
  .transform(() => defaultExpiryMinutes);

const expiryMessage = (input: unknown) =>
  `ExpiresInMinutes value ${JSON.stringify(input)} is invalid. Value must be within the [60, 1440] interval.`;

interface TokenTerms {
  scopes: readonly string[];
  customExpiry: boolean;
}

const scopeList = (field: string, { scopes }: TokenTerms) =>
  z.array(
    z.enum(scopes, {
      error: ({ input }) => `${field}: The scope ${JSON.stringify(input)} is not supported.`,
    }),
    { error: required(field) },
  );

export const tokenRequest = (terms: TokenTerms) =>
  z.object({
    scopes: scopeList('Scopes', terms).min(1, { error: required('Scopes') }),
    expiresInMinutes: terms.customExpiry ? expiry : fixedExpiry,
  });

export const createRequest = (terms: TokenTerms) =>
  z.object({
    createTokenWithScopes: scopeList('CreateTokenWithScopes', terms).nullish(),
    expiresInMinutes: terms.customExpiry ? expiry : fixedExpiry,
  });

const notADate = 'TokensValidFrom: The value is not a date.';

export const updateRequest = z.object({ tokensValidFrom: z.coerce.date({ error: notADate }).optional() });

export const teamsRequest = z.object({
  token: text('Token'),
  appId: text('AppId'),
  userId: text('UserId'),
});

/** Parses a body, an absent one as an empty object, or throws the service's validation error for its first fault. */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(body ?? {});
  if (error === undefined) return data;
  const [issue] = error.issues;
  const field = String(issue?.path[0] ?? 'body');
  throw invalid(field.charAt(0).toUpperCase() + field.slice(1), issue?.message ?? 'The request is invalid.');
}

function text(field: string) {
  return z.string({ error: required(field) }).min(1, { error: required(field) });
}

function required(field: string): string {
  return `${field}: The ${field} field is required.`;
}
