import { z } from 'zod';
import type { Answer } from '../emulator/serve.ts';
import type { ApiVersion } from './apiVersions.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import type { Call, Route } from './route.ts';
import { parse, teamsRequest } from './schemas.ts';
import { exchangeTeamsToken } from './teamsToken.ts';

const asksForToken = (body: unknown) =>
  z.object({ createTokenWithScopes: z.array(z.unknown()).nonempty() }).safeParse(body).success;

const ga = ({ shape }: ApiVersion) => shape === 'ga';

/** API versions 2021-03-07 to 2023-10-01, spoken by `@azure/communication-identity`. */
export const gaRoutes: Route[] = [
  {
    operation: 'createUserAndToken',
    method: 'POST',
    path: /^\/identities$/,
    when: asksForToken,
    servedIn: ga,
    answer: create,
  },
  {
    operation: 'createUser',
    method: 'POST',
    path: /^\/identities$/,
    servedIn: ga,
    answer: create,
  },
  {
    operation: 'issueToken',
    method: 'POST',
    path: /^\/identities\/(?<id>[^/]+)\/:issueAccessToken$/,
    servedIn: ga,
    async answer({ identities, accessTokens, now }, { id, body, version, accessKey }) {
      const { scopes, expiresInMinutes } = parse(version.tokenRequest, body);
      identities.demand(id);
      const expiresAt = now() + expiresInMinutes * 60_000;
      return { status: 200, body: await accessTokens.issue({ holder: id, scopes, expiresAt, accessKey }) };
    },
  },
  {
    operation: 'revokeTokens',
    method: 'POST',
    path: /^\/identities\/(?<id>[^/]+)\/:revokeAccessTokens$/,
    servedIn: ga,
    answer({ identities, accessTokens }, { id }) {
      identities.demand(id);
      accessTokens.revokeAll(id);
      return { status: 204 };
    },
  },
  {
    operation: 'deleteUser',
    method: 'DELETE',
    path: /^\/identities\/(?<id>[^/]+)$/,
    servedIn: ga,
    answer: deleteIdentity,
  },
  {
    operation: 'exchangeTeamsToken',
    method: 'POST',
    path: /^\/teamsUser\/:exchangeAccessToken$/,
    servedIn: ({ teams }) => teams,
    async answer(resource, { body, accessKey }) {
      const request = parse(teamsRequest, body);
      return { status: 200, body: await exchangeTeamsToken(resource, request, accessKey) };
    },
  },
];

async function create(resource: CommunicationResource, call: Call): Promise<Answer> {
  const { createTokenWithScopes: scopes, expiresInMinutes } = parse(call.version.createRequest, call.body);
  const holder = resource.identities.create();
  const identity = { id: holder };
  if (scopes == null || scopes.length === 0) return { status: 201, body: { identity } };
  const expiresAt = resource.now() + expiresInMinutes * 60_000;
  const accessToken = await resource.accessTokens.issue({
    holder,
    scopes,
    expiresAt,
    accessKey: call.accessKey,
  });
  return { status: 201, body: { identity, accessToken } };
}
