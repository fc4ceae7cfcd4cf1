import type { HttpRequest } from '@azure/functions';
import type * as z from 'zod';
import { type TokenLimits, type TokenRequest, tokenRequestSchema, userIdSchema } from './contract.ts';
import { type FieldError, invalidRequest } from '../errors.ts';
import { readJsonBody } from './requestBody.ts';

const MOST_ERRORS = 20;

/** The communication user a route names, or `me`. Throws `invalid_request`. */
export function readUserId(request: HttpRequest): string {
  const parsed = userIdSchema.safeParse(request.params['userId'] ?? '');
  if (!parsed.success) throw invalidRequest(...fieldErrors(parsed.error, 'userId'));
  return parsed.data;
}

/** What is asked for in the body, the query or both, each field in one place. Throws `invalid_request`. */
export async function readTokenRequest(request: HttpRequest, limits: TokenLimits): Promise<TokenRequest> {
  const schema = tokenRequestSchema(limits);
  const body = schema.safeParse(request.method === 'GET' ? {} : await readJsonBody(request));
  const query = schema.safeParse(readQuery(request.query));
  const errors = [
    ...(body.success ? [] : fieldErrors(body.error, 'body')),
    ...(query.success ? [] : fieldErrors(query.error, 'query').map(asQueryError)),
    // Ignored, it would give the caller more scopes than it asked for.
    ...(request.query.has('scopes') ? [{ path: 'scopes', message: 'is named scope in the query' }] : []),
  ];
  if (!body.success || !query.success || errors.length > 0) throw invalidRequest(...errors);

  const twice = Object.keys(query.data).filter((field) => field in body.data);
  if (twice.length > 0) {
    throw invalidRequest(
      ...twice.map((path) => ({ path, message: 'must be given in the body or in the query, not in both' })),
    );
  }
  return { ...body.data, ...query.data };
}

/** The query as the body would say it. Other parameters, such as `code`, are the host's or nobody's. */
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
    .slice(0, MOST_ERRORS);
}

/** `['scopes', 1]` as `scopes[1]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
