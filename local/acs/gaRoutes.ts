import { z } from 'zod';
import type { EmulatorResponse } from '../emulator/serve.ts';
import type { ApiVersion } from './apiVersions.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import { issueToken } from './issueToken.ts';
import { issueUserToken } from './issueUserToken.ts';
import type { Call, Route } from './route.ts';
import { parse } from './requestSchemas.ts';
import { exchangeTeamsToken } from './teamsToken.ts';

const requestsToken = (body: unknown) =>
  z.object({ createTokenWithScopes: z.array(z.unknown()).nonempty() }).safeParse(body).success;

const ga = ({ shape }: ApiVersion) => shape === 'ga';

/** Every API version but the first, of `@azure/communication-identity`. */
export const gaRoutes: Route[] = [
  {
    operation: 'createUserAndToken',
    method: 'POST',
    path: /^\/identities$/,
    when: requestsToken,
    servedIn: ga,
    handle: create,
  },
  {
    operation: 'createUser',
    method: 'POST',
    path: /^\/identities$/,
    servedIn: ga,
    handle: create,
  },
  {
    operation: 'issueToken',
    method: 'POST',
    path: /^\/identities\/(?<id>[^/]+)\/:issueAccessToken$/,
    servedIn: ga,
    handle: async (resource, call) => ({ status: 200, body: await issueToken(resource, call) }),
  },
  {
    operation: 'revokeTokens',
    method: 'POST',
    path: /^\/identities\/(?<id>[^/]+)\/:revokeAccessTokens$/,
    servedIn: ga,
    handle({ identities, accessTokens }, { id }) {
      identities.require(id);
      accessTokens.revokeAll(id);
      return { status: 204 };
    },
  },
  {
    operation: 'deleteUser',
    method: 'DELETE',
    path: /^\/identities\/(?<id>[^/]+)$/,
    servedIn: ga,
    handle: deleteIdentity,
  },
  {
    operation: 'exchangeTeamsToken',
    method: 'POST',
    path: /^\/teamsUser\/:exchangeAccessToken$/,
    servedIn: ({ exchangesTeamsTokens }) => exchangesTeamsTokens,
    async handle(resource, { body, version, accessKey }) {
      const request = parse(version.teamsRequest, body);
      return { status: 200, body: await exchangeTeamsToken(resource, request, accessKey) };
    },
  },
];

async function create(
  resource: CommunicationResource,
  { body, version, accessKey }: Call,
): Promise<EmulatorResponse> {
  const { createTokenWithScopes: scopes, expiresInMinutes } = parse(version.createRequest, body);
  const holder = resource.identities.create();
  const identity = { id: holder };
  if (scopes == null || scopes.length === 0) return { status: 201, body: { identity } };
  const accessToken = await issueUserToken(resource, { holder, scopes, expiresInMinutes, accessKey });
  return { status: 201, body: { identity, accessToken } };
}
