import type { PipelineRequest } from '@azure/core-rest-pipeline';
import * as z from 'zod/mini';
import { userIdPattern } from './communicationUserId.ts';

type Operation =
  'createUser' | 'createUserAndToken' | 'issueToken' | 'revokeTokens' | 'deleteUser' | 'exchangeTeamsToken';

/** The operation that a request of the SDK is for. Communication Services limits each one on its own. */
export function operationOf({ method, url, body }: PipelineRequest): Operation {
  const [path = ''] = url.split('?', 1);
  if (path.endsWith('/:issueAccessToken')) return 'issueToken';
  if (path.endsWith('/:revokeAccessTokens')) return 'revokeTokens';
  if (path.endsWith('/teamsUser/:exchangeAccessToken')) return 'exchangeTeamsToken';
  if (method === 'DELETE') return 'deleteUser';
  return typeof body === 'string' && body.includes('createTokenWithScopes')
    ? 'createUserAndToken'
    : 'createUser';
}

const paths: Record<Operation, string> = {
  createUser: '/identities',
  createUserAndToken: '/identities',
  issueToken: '/identities/{id}/:issueAccessToken',
  revokeTokens: '/identities/{id}/:revokeAccessTokens',
  deleteUser: '/identities/{id}',
  exchangeTeamsToken: '/teamsUser/:exchangeAccessToken',
};

/** The path of a request without the user's id. */
export function pathOf(request: PipelineRequest): string {
  return paths[operationOf(request)];
}

/** Whether the request creates a user. */
export function isCreate(request: PipelineRequest): boolean {
  const operation = operationOf(request);
  return operation === 'createUser' || operation === 'createUserAndToken';
}

/** Whether the request is about a communication user that exists. */
export function namesUser(request: PipelineRequest): boolean {
  return !isCreate(request) && operationOf(request) !== 'exchangeTeamsToken';
}

const identity = z.object({ id: z.string().check(z.regex(userIdPattern)) });
const accessToken = z.object({
  token: z.string().check(z.minLength(1)),
  expiresOn: z
    .string()
    .check(z.refine((text) => Date.parse(text) > Date.now(), 'must be a date in the future')),
});

/** What a success response to each operation must hold; the others have no body. */
export const responseBodies: Partial<Record<Operation, z.ZodMiniType>> = {
  createUser: z.object({ identity }),
  createUserAndToken: z.object({ identity, accessToken }),
  issueToken: accessToken,
  exchangeTeamsToken: accessToken,
};
