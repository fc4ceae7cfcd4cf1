import type { HttpResponseInit } from '@azure/functions';
import type { ServiceError, ErrorCode } from '../errors.ts';
import type { Problem } from './responseSchemas.ts';

/** The status and the title of the problem for each code. */
export const problemTypes: Record<ErrorCode, { status: number; title: string }> = {
  invalid_request: { status: 400, title: 'Invalid request' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  forbidden: { status: 403, title: 'Forbidden' },
  user_not_found: { status: 404, title: 'Communication user not found' },
  length_required: { status: 411, title: 'Length required' },
  payload_too_large: { status: 413, title: 'Request body too large' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  misconfigured: { status: 500, title: 'Service misconfigured' },
  upstream_rejected: { status: 502, title: 'Service rejected by Communication Services' },
  upstream_unavailable: { status: 503, title: 'Upstream unavailable' },
  upstream_timeout: { status: 504, title: 'Upstream timeout' },
};

/** The response for an error: problem details (RFC 9457). */
export function problemResponse(error: ServiceError, requestId: string): HttpResponseInit {
  const { status, title } = problemTypes[error.code];
  const problem: Problem = {
    type: `urn:acs-token-service:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    errors: error.errors,
  };
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) }),
      ...(error.code === 'unauthenticated' ? { 'WWW-Authenticate': challenge(error) } : {}),
    },
    body: JSON.stringify(problem),
  };
}

/** RFC 6750: a request without a token gets the scheme and nothing else. */
function challenge({ tokenError }: ServiceError): string {
  return tokenError === undefined
    ? 'Bearer'
    : `Bearer error="invalid_token", error_description="${tokenError.replace(/[^ !#-[\]-~]/g, '')}"`;
}
