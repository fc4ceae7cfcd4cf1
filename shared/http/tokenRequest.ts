import type { HttpRequest } from '@azure/functions';
import type * as z from 'zod/mini';
import { MIN_EXPIRY_MINUTES, type TokenOptions } from '../acs/accessToken.ts';
import type { AppUser } from '../callers/caller.ts';
import { type FieldError, invalidRequest } from '../errors.ts';
import {
  newUserSchema,
  type NewUserRequest,
  type TokenPolicy,
  type TokenRequest,
  tokenRequestSchema,
  userIdSchema,
} from './contract.ts';
import { fieldErrors } from './fieldErrors.ts';
import { readQuery, unknownParameters } from './query.ts';
import { readJsonBody, rejectBody } from './requestBody.ts';

/** What createUser is asked for. */
export interface NewUser {
  /** The first token; `undefined` when the request has no scopes. */
  tokenOptions: TokenOptions | undefined;
  /** The app user that a service creates the communication user for. */
  appUser: AppUser | undefined;
}

/** The communication user in the route, or `me`. Throws `invalid_request`. */
export function readUserId(request: HttpRequest): string {
  const parsed = userIdSchema.safeParse(request.params['userId'] ?? '');
  if (!parsed.success) throw invalidRequest(...fieldErrors(parsed.error, 'userId'));
  return parsed.data;
}

/** The communication user in the route of a request that takes nothing else. Throws `invalid_request`. */
export async function readOnlyUserId(request: HttpRequest): Promise<string> {
  const userId = readUserId(request);
  const unknown = unknownParameters(request, []);
  if (unknown.length > 0) throw invalidRequest(...unknown);
  await rejectBody(request);
  return userId;
}

/** The token to issue, with the policy's defaults for what the request leaves open. Throws `invalid_request`. */
export async function readTokenOptions(request: HttpRequest, policy: TokenPolicy): Promise<TokenOptions> {
  return withDefaults(await readTokenRequest(request, policy), policy);
}

/** The user to create. Throws `invalid_request`. */
export async function readNewUser(request: HttpRequest, policy: TokenPolicy): Promise<NewUser> {
  const { newUser, tokenRequest } = schemasOf(policy);
  const fields = await readFields(request, newUser, tokenRequest);
  if (fields.scopes === undefined && fields.expiresInMinutes !== undefined) {
    throw invalidRequest({
      path: 'expiresInMinutes',
      message: 'needs scopes: without scopes no token is issued',
    });
  }
  return {
    tokenOptions: fields.scopes === undefined ? undefined : withDefaults(fields, policy),
    appUser: readAppUser(fields),
  };
}

/** The fields of the body and the query, each of them in one place only. Throws `invalid_request`. */
export function readTokenRequest(request: HttpRequest, policy: TokenPolicy): Promise<TokenRequest> {
  const { tokenRequest } = schemasOf(policy);
  return readFields(request, tokenRequest, tokenRequest);
}

/** Building a schema takes longer than reading a request with it, so they are built once for each policy. */
const schemas = new WeakMap<TokenPolicy, ReturnType<typeof buildSchemas>>();

function schemasOf(policy: TokenPolicy) {
  const known = schemas.get(policy) ?? buildSchemas(policy);
  schemas.set(policy, known);
  return known;
}

function buildSchemas(policy: TokenPolicy) {
  return { newUser: newUserSchema(policy), tokenRequest: tokenRequestSchema(policy) };
}

function readAppUser({ subject, tenantId }: NewUserRequest): AppUser | undefined {
  if (subject !== undefined) return { subject, tenantId };
  if (tenantId === undefined) return undefined;
  throw invalidRequest({ path: 'tenantId', message: 'needs subject' });
}

function withDefaults({ scopes, expiresInMinutes }: TokenRequest, policy: TokenPolicy): TokenOptions {
  return {
    scopes: scopes ?? policy.defaultScopes,
    expiresInMinutes: expiresInMinutes ?? spreadDefaultExpiry(policy),
  };
}

/** Shortens the default by a random share, so that tokens issued in the same minute are not refreshed in the same one. */
function spreadDefaultExpiry({ defaultExpiryMinutes, expirySpreadPercent }: TokenPolicy): number {
  const maxCut = (defaultExpiryMinutes * expirySpreadPercent) / 100;
  return Math.max(MIN_EXPIRY_MINUTES, Math.round(defaultExpiryMinutes - Math.random() * maxCut));
}

async function readFields<Body extends object, Query extends object>(
  request: HttpRequest,
  bodySchema: z.ZodMiniType<Body>,
  querySchema: z.ZodMiniType<Query>,
): Promise<Body & Query> {
  if (request.method === 'GET') await rejectBody(request);
  const body = bodySchema.safeParse(request.method === 'GET' ? {} : await readJsonBody(request));
  const query = querySchema.safeParse(readQuery(request.query));
  const errors = [
    ...(body.success ? [] : fieldErrors(body.error, 'body')),
    ...(query.success ? [] : fieldErrors(query.error, 'query').map(asQueryError)),
    ...unknownParameters(request),
  ];
  if (!body.success || !query.success || errors.length > 0) throw invalidRequest(...errors);

  const inBoth = Object.keys(query.data).filter((field) => field in body.data);
  if (inBoth.length > 0) {
    throw invalidRequest(
      ...inBoth.map((path) => ({ path, message: 'must be in the body or in the query, not in both' })),
    );
  }
  return { ...body.data, ...query.data };
}

function asQueryError({ path, message }: FieldError): FieldError {
  return { path: path.replace(/^scopes/, 'scope'), message };
}
