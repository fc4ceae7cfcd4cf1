import type { AccessToken } from './accessTokens.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { invalid } from './identityServiceError.ts';
import { issueUserToken } from './issueUserToken.ts';
import { parse } from './requestSchemas.ts';
import type { Call } from './route.ts';

/** Issues a token for an identity. Every API version shares this operation. */
export async function issueToken(
  resource: CommunicationResource,
  { id, body, version, accessKey }: Call,
): Promise<AccessToken> {
  const { scopes, expiresInMinutes } = parse(version.tokenRequest, body);
  if (scopes.length === 0) throw invalid('scopes', 'Invalid scopes - Scopes field is required.');
  resource.identities.require(id);
  return issueUserToken(resource, { holder: id, scopes, expiresInMinutes, accessKey });
}
