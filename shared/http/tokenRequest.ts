import type { HttpRequest } from '@azure/functions';
import type * as z from 'zod';
import type { TokenOptions } from '../acs/accessToken.ts';
import { type FieldError, invalidRequest } from '../errors.ts';
import { type TokenPolicy, type TokenRequest, tokenRequestSchema, userIdSchema } from './contract.ts';
import { readJsonBody } from './requestBody.ts';

const MAX_ERRORS = 20;

/** The communication user in the route, or `me`. Throws `invalid_request`. */
export function readUserId(request: HttpRequest): string {
  const parsed = userIdSchema.safeParse(request.params['userId'] ?? '');
  if (!parsed.success) throw invalidRequest(...fieldErrors(parsed.error, 'userId'));
  return parsed.data;
}

/** The token to issue, with the policy's defaults for what the request leaves open. Throws `invalid_request`. */
export async function readTokenOptions(request: HttpRequest, policy: TokenPolicy): Promise<TokenOptions> {
  return withDefaults(await readTokenRequest(request, policy), policy);
}

/** The first token of a new user; `undefined` when the request has no scopes. Throws `invalid_request`. */
export async function readFirstTokenOptions(
  request: HttpRequest,
  policy: TokenPolicy,
): Promise<TokenOptions | undefined> {
  const tokenRequest = await readTokenRequest(request, policy);
  return tokenRequest.scopes === undefined ? undefined : withDefaults(tokenRequest, policy);
}

function withDefaults({ scopes, expiresInMinutes }: TokenRequest, policy: TokenPolicy): TokenOptions {
  return {
    scopes: scopes ?? policy.defaultScopes,
    expiresInMinutes: expiresInMinutes ?? policy.defaultExpiryMinutes,
  };
}

/** The fields of the body and the query, each of them in one place only. Throws `invalid_request`. */
export async function readTokenRequest(request: HttpRequest, policy: TokenPolicy): Promise<TokenRequest> {
  const schema = tokenRequestSchema(policy);
  const body = schema.safeParse(request.method === 'GET' ? {} : await readJsonBody(request));
  const query = schema.safeParse(readQuery(request.query));
  const errors = [
    ...(body.success ? [] : fieldErrors(body.error, 'body')),
    ...(query.success ? [] : fieldErrors(query.error, 'query').map(asQueryError)),
    // Ignoring it would give the caller more scopes than it asked for.
    ...(request.query.has('scopes') ? [{ path: 'scopes', message: 'must be named scope in the query' }] : []),
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

/** The fields of the query, in the shape of the body. Other parameters, such as `code`, are ignored. */
function readQuery(query: URLSearchParams): Record<string, unknown> {
  const scope = query.getAll('scope');
  const expiry = query.getAll('expiresInMinutes');
  return {
    ...(scope.length > 0 && {
      scopes: scope.flatMap((list) => list.split(/[\s,]+/)).filter((name) => name !== ''),
    }),
    ...(expiry.length > 0 && {
      expiresInMinutes: /^-?\d{1,9}$/.test(expiry.join()) ? Number(expiry.join()) : NaN,
    }),
  };
}

function asQueryError({ path, message }: FieldError): FieldError {
  return { path: path.replace(/^scopes/, 'scope'), message };
}

function fieldErrors(error: z.ZodError, whole: string): FieldError[] {
  return error.issues
    .flatMap((issue): FieldError[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: key, message: 'is not a known field' }))
        : [{ path: fieldPath(issue.path) || whole, message: issue.message }],
    )
    .slice(0, MAX_ERRORS);
}

/** `['scopes', 1]` as `scopes[1]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
