import type { AccessToken, TokenOptions } from './accessTokens.ts';
import type { CommunicationResource } from './communicationResource.ts';

/** Issues a token of a communication user with the requested expiry, or with the lifetime that every token gets. */
export function issueUserToken(
  { accessTokens, tokenLifetimeSeconds, now }: CommunicationResource,
  { expiresInMinutes, ...options }: Omit<TokenOptions, 'expiresAt'> & { expiresInMinutes: number },
): Promise<AccessToken> {
  const seconds = tokenLifetimeSeconds ?? expiresInMinutes * 60;
  return accessTokens.issue({ ...options, expiresAt: now() + seconds * 1000 });
}
