import * as z from 'zod';
import type { ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { MAX_EXPIRY_MINUTES, type Scope, scopeSchema } from '../../shared/acs/accessToken.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import {
  newUserSchema,
  teamsTokenRequestSchema,
  tokenRequestSchema,
  userIdSchema,
} from '../../shared/http/contract.ts';
import {
  createdUserSchema,
  healthSchema,
  type IssuedToken,
  issuedTokenSchema,
  type TokenResponse,
  tokenResponseSchema,
} from '../../shared/http/responseSchemas.ts';
import { cacheableHeaders, headersOf } from './headers.ts';
import { problemResponses } from './problemResponses.ts';

const user = {
  communicationUserId: '8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e',
};
const teamsToken: TokenResponse = {
  token: 'eyJhbGciOiJSUzI1NiJ9.eyJhY3NTY29wZSI6ImNoYXQifQ.c2lnbmF0dXJl',
  expiresOn: '2026-11-24T21:28:10Z',
  endpoint: 'https://contoso.communication.azure.com',
};
const issuedToken: IssuedToken = { ...teamsToken, user };

/** What a deployment can be set to allow at most; by default `chat` and `voip`. */
const widestPolicy = {
  allowedScopes: scopeSchema.options as [Scope, ...Scope[]],
  maxExpiryMinutes: MAX_EXPIRY_MINUTES,
};
const tokenRequest = tokenRequestSchema(widestPolicy);
const { scopes, expiresInMinutes } = tokenRequest.shape;
const tokenQuery = z.object({
  scope: scopes.check(
    z.meta({
      param: { id: 'Scope', example: ['chat', 'voip'] },
      description: 'The scopes of the token: repeat it, or separate them by commas or spaces.',
    }),
  ),
  expiresInMinutes: expiresInMinutes.check(z.meta({ param: { id: 'ExpiresInMinutes' } })),
});
const userPath = z.object({
  userId: userIdSchema.check(
    z.meta({
      param: { id: 'UserId', example: user.communicationUserId },
      description:
        'The id of the communication user, exactly as it was returned; or `me`, for signed-in users.',
    }),
  ),
});

const bodyCodes: ErrorCode[] = ['length_required', 'payload_too_large'];
const callCodes: ErrorCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'user_not_found',
  'too_many_requests',
  'internal',
  'misconfigured',
  'upstream_rejected',
  'upstream_unavailable',
  'upstream_timeout',
];

const issued: ZodOpenApiResponseObject = {
  id: 'Issued',
  description: 'The access token.',
  headers: headersOf(),
  content: { 'application/json': { schema: issuedTokenSchema, example: issuedToken } },
};

function created(description: string): ZodOpenApiResponseObject {
  return {
    description,
    headers: headersOf('Location'),
    content: {
      'application/json': {
        schema: createdUserSchema,
        examples: {
          user: { summary: 'Without scopes in the request', value: { user } },
          token: { summary: 'With scopes in the request', value: issuedToken },
        },
      },
    },
  };
}

function done(description: string): ZodOpenApiResponseObject {
  return { description, headers: headersOf() };
}

/** Every route of the service. The id of an operation is the name of its function; of a second one, with its method. */
export const paths: ZodOpenApiPathsObject = {
  '/users': {
    post: {
      operationId: 'createUser',
      tags: ['Users'],
      summary: 'Create a communication user',
      description:
        'Creates a communication user, with its first token when the request has scopes. A signed-in user has one ' +
        'communication user: the first request creates it, later ones return it. Send each field once, in the body ' +
        'or in the query; `subject` and `tenantId` in the body only.',
      requestParams: { query: tokenQuery },
      requestBody: {
        required: false,
        content: {
          'application/json': {
            schema: newUserSchema(widestPolicy).check(z.meta({ id: 'NewUserRequest' })),
            examples: {
              token: { summary: 'With a token', value: { scopes: ['chat', 'voip'], expiresInMinutes: 60 } },
              subject: { summary: 'For a user who signs in later', value: { subject: 'alice' } },
            },
          },
        },
      },
      responses: {
        200: created('The user existed.'),
        201: created('The user is new.'),
        ...problemResponses(...callCodes, ...bodyCodes),
      },
    },
  },
  '/users/{userId}': {
    delete: {
      operationId: 'deleteUser',
      tags: ['Users'],
      summary: 'Delete a communication user',
      description: 'Deletes the user and invalidates its tokens. Succeeds when the user does not exist.',
      requestParams: { path: userPath },
      responses: { 204: done('The user does not exist any more.'), ...problemResponses(...callCodes) },
    },
  },
  '/users/{userId}/token': {
    post: {
      operationId: 'issueToken',
      tags: ['Tokens'],
      summary: 'Issue an access token',
      description:
        'Issues an access token. Without scopes and a lifetime, the service applies its defaults. With `me`, the ' +
        'first request creates the communication user. Send each field once, in the body or in the query.',
      requestParams: { path: userPath, query: tokenQuery },
      requestBody: {
        required: false,
        content: {
          'application/json': {
            schema: tokenRequest.check(z.meta({ id: 'TokenRequest' })),
            example: { scopes: ['chat', 'voip'], expiresInMinutes: 60 },
          },
        },
      },
      responses: { 200: issued, ...problemResponses(...callCodes, ...bodyCodes) },
    },
    get: {
      operationId: 'issueTokenByGet',
      tags: ['Tokens'],
      summary: 'Issue an access token, by GET',
      description: 'The same as a POST without a body, for clients that can only send a GET.',
      requestParams: { path: userPath, query: tokenQuery },
      responses: { 200: issued, ...problemResponses(...callCodes) },
    },
    delete: {
      operationId: 'revokeTokens',
      tags: ['Tokens'],
      summary: 'Revoke all tokens of a user',
      description:
        'Invalidates every token issued to the user so far. It takes up to 15 minutes to reach all of ' +
        'Communication Services.',
      requestParams: { path: userPath },
      responses: { 204: done('The tokens are revoked.'), ...problemResponses(...callCodes) },
    },
  },
  '/teams/token': {
    post: {
      operationId: 'exchangeTeamsToken',
      tags: ['Tokens'],
      summary: 'Exchange the token of a Teams user',
      description:
        'Exchanges the Entra ID token of the signed-in user for an access token of the same lifetime. This route ' +
        'exists only when the setting `TEAMS_CLIENT_ID` is set; otherwise Azure Functions responds 404 without a body.',
      security: [{ bearerToken: [] }],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: teamsTokenRequestSchema.check(z.meta({ id: 'TeamsTokenRequest' })),
            example: { teamsUserToken: 'eyJ0eXAiOiJKV1QifQ.eyJvaWQiOiI1In0.c2lnbmF0dXJl' },
          },
        },
      },
      responses: {
        200: {
          description: 'The access token.',
          headers: headersOf(),
          content: { 'application/json': { schema: tokenResponseSchema, example: teamsToken } },
        },
        ...problemResponses(...callCodes.filter((code) => code !== 'user_not_found'), ...bodyCodes),
      },
    },
  },
  '/health': {
    get: {
      operationId: 'health',
      tags: ['Service'],
      summary: 'Check the service',
      description: 'Checks the settings and the dependencies. Creates nothing, and may be called often.',
      security: [],
      responses: {
        200: {
          description: 'Every check passed.',
          headers: headersOf(),
          content: {
            'application/json': {
              schema: healthSchema,
              example: { status: 'ok', checks: { settings: 'ok', connectionString: 'ok' } },
            },
          },
        },
        503: {
          description: 'A check failed.',
          headers: headersOf(),
          content: {
            'application/json': {
              schema: healthSchema,
              example: { status: 'failed', checks: { settings: 'ok', connectionString: 'failed' } },
            },
          },
        },
        ...problemResponses('internal'),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      tags: ['Service'],
      summary: 'Get this document',
      description: 'Returns this document. It changes only when the service is deployed.',
      security: [],
      requestParams: {
        header: z.object({
          'If-None-Match': z
            .string()
            .optional()
            .meta({
              param: { example: '"k8Ng1s3Yb0"' },
              description: 'The `ETag` of the document that the caller has.',
            }),
        }),
      },
      responses: {
        200: {
          description: 'The document.',
          headers: cacheableHeaders,
          content: {
            'application/json': {
              schema: z.looseObject({ openapi: z.string() }),
              example: {
                openapi: '3.1.0',
                info: { title: 'ACS token service', version: '0.1.0' },
                paths: {},
              },
            },
          },
        },
        304: { description: 'The caller has the document.', headers: cacheableHeaders },
        ...problemResponses('internal'),
      },
    },
  },
};
