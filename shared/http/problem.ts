import type { HttpResponseInit } from '@azure/functions';
import type { Fault, FaultCode } from '../errors.ts';

const answers: Record<FaultCode, { status: number; title: string }> = {
  invalid_request: { status: 400, title: 'Invalid request' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  forbidden: { status: 403, title: 'Forbidden' },
  user_not_found: { status: 404, title: 'Communication user not found' },
  payload_too_large: { status: 413, title: 'Request body too large' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  misconfigured: { status: 500, title: 'Service misconfigured' },
  upstream_rejected: { status: 502, title: 'Communication Services refused the service' },
  upstream_unavailable: { status: 503, title: 'Communication Services unavailable' },
  upstream_timeout: { status: 504, title: 'Deadline passed' },
};

/** The problem details (RFC 9457) that answer a fault. */
export function problemResponse(fault: Fault, requestId: string): HttpResponseInit {
  const { status, title } = answers[fault.code];
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...(fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) }),
      ...(fault.code === 'unauthenticated' ? { 'WWW-Authenticate': challenge(fault) } : {}),
    },
    body: JSON.stringify({
      type: `urn:acs-token-service:problem:${fault.code}`,
      title,
      status,
      detail: fault.message,
      code: fault.code,
      requestId,
      errors: fault.errors,
    }),
  };
}

/** RFC 6750: a request without a token is told the scheme and nothing else. */
function challenge({ tokenError }: Fault): string {
  return tokenError === undefined
    ? 'Bearer'
    : `Bearer error="invalid_token", error_description="${tokenError.replace(/[^ !#-[\]-~]/g, '')}"`;
}
