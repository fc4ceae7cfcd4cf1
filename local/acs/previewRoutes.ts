import type { ApiVersion } from './apiVersions.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import type { Route } from './route.ts';
import { parse, updateRequest } from './requestSchemas.ts';

const preview = ({ shape }: ApiVersion) => shape === 'preview';

/** API version 2020-07-20-preview2, of `@azure/communication-administration`. */
export const previewRoutes: Route[] = [
  {
    operation: 'createUser',
    method: 'POST',
    path: /^\/identities$/,
    servedIn: preview,
    handle: (resource) => ({ status: 200, body: { id: resource.identities.create() } }),
  },
  {
    operation: 'issueToken',
    method: 'POST',
    path: /^\/identities\/(?<id>[^/]+)\/token$/,
    servedIn: preview,
    async handle({ identities, accessTokens, now }, { id, body, version, accessKey }) {
      const { scopes, expiresInMinutes } = parse(version.tokenRequest, body);
      identities.require(id);
      const expiresAt = now() + expiresInMinutes * 60_000;
      const accessToken = await accessTokens.issue({ holder: id, scopes, expiresAt, accessKey });
      return { status: 200, body: { id, ...accessToken } };
    },
  },
  {
    operation: 'revokeTokens',
    method: 'PATCH',
    path: /^\/identities\/(?<id>[^/]+)$/,
    servedIn: preview,
    handle({ identities, accessTokens }, { id, body }) {
      const { tokensValidFrom } = parse(updateRequest, body);
      identities.require(id);
      if (tokensValidFrom !== undefined) accessTokens.revokeIssuedUntil(id, tokensValidFrom.getTime());
      return { status: 204 };
    },
  },
  {
    operation: 'deleteUser',
    method: 'DELETE',
    path: /^\/identities\/(?<id>[^/]+)$/,
    servedIn: preview,
    handle: deleteIdentity,
  },
];
