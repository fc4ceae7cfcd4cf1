import type { AccessToken } from './accessTokens.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { invalid } from './identityServiceError.ts';
import { parse } from './requestSchemas.ts';
import type { Call } from './route.ts';

/** Issues a token for an identity. Every API version shares this operation. */
export async function issueToken(
  { identities, accessTokens, now }: CommunicationResource,
  { id, body, version, accessKey }: Call,
): Promise<AccessToken> {
  const { scopes, expiresInMinutes } = parse(version.tokenRequest, body);
  if (scopes.length === 0) throw invalid('scopes', 'Invalid scopes - Scopes field is required.');
  identities.require(id);
  const expiresAt = now() + expiresInMinutes * 60_000;
  return accessTokens.issue({ holder: id, scopes, expiresAt, accessKey });
}
