import * as z from 'zod/mini';

/** The scopes that Communication Services grants to a communication user. */
export const scopeSchema = z.enum(
  ['chat', 'voip', 'chat.join', 'chat.join.limited', 'voip.join'],
  'must name only chat, voip, chat.join, chat.join.limited or voip.join',
);
export type Scope = z.output<typeof scopeSchema>;

/** The lifetimes, in minutes, that Communication Services accepts. */
export const MIN_EXPIRY_MINUTES = 60;
export const MAX_EXPIRY_MINUTES = 1440;

/** An access token as Communication Services issues it. */
export interface AccessToken {
  token: string;
  expiresOn: Date;
  /** URL of the ACS resource, without a trailing slash. */
  endpoint: string;
}

/** The scopes and the lifetime, in minutes, of a token to issue. */
export interface TokenOptions {
  scopes: readonly Scope[];
  expiresInMinutes: number;
}
