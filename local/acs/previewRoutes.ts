import type { ApiVersion } from './apiVersions.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import { issueToken } from './issueToken.ts';
import type { Route } from './route.ts';
import { parse, updateRequest } from './requestSchemas.ts';

const PREVIEW_VERSION = '2020-07-20-preview2';

const preview = ({ shape }: ApiVersion) => shape === 'preview';

/** The first API version, of `@azure/communication-administration`. */
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
    handle: async (resource, call) => ({
      status: 200,
      body: { id: call.id, ...(await issueToken(resource, call)) },
    }),
  },
  {
    operation: 'revokeTokens',
    method: 'PATCH',
    path: /^\/identities\/(?<id>[^/]+)$/,
    servedIn: preview,
    defaultVersion: PREVIEW_VERSION,
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
