import type { ZodOpenApiHeadersObject } from 'zod-openapi';
import { EXPOSED_HEADERS } from '../../shared/http/endpoint.ts';

/** The headers of responses, as components of the document. */
export const headers = {
  'X-Request-Id': {
    description: 'Identifies the request in the log of the service.',
    required: true,
    schema: { type: 'string' },
    example: 'e8b47c6d-9055-4a07-a8f1-e3c04d014fce',
  },
  'Cache-Control': {
    description: 'Responses must not be stored.',
    required: true,
    schema: { const: 'no-store' },
  },
  'X-Content-Type-Options': {
    description: 'The `Content-Type` is right.',
    required: true,
    schema: { const: 'nosniff' },
  },
  'Access-Control-Expose-Headers': {
    description: 'The headers that pages of allowed origins can read.',
    required: true,
    schema: { const: EXPOSED_HEADERS },
  },
  'Retry-After': {
    description:
      'Seconds to wait before the next attempt. Add some at random, so that clients come back spread out.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
    example: 25,
  },
  'WWW-Authenticate': {
    description: 'Why the bearer token is rejected (RFC 6750). `Bearer` alone when there is none.',
    required: true,
    schema: { type: 'string', pattern: '^Bearer( |$)' },
    example: 'Bearer error="invalid_token", error_description="The token has expired."',
  },
  Location: {
    description: 'The path of the communication user.',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
    example: '/api/users/8:acs:7552d7fe-3f0f-4e6c-9f10-6b0c4c2f1b8a_be596320-0f3c-4e4d-9d5d-4f6a7b1c2d3e',
  },
} satisfies ZodOpenApiHeadersObject;

/** The headers that every response has, and the named ones. */
export function headersOf(...names: (keyof typeof headers)[]): Record<string, { $ref: string }> {
  const common = ['X-Request-Id', 'Cache-Control', 'X-Content-Type-Options', 'Access-Control-Expose-Headers'];
  return Object.fromEntries(
    [...common, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

/** The headers of a response that may be stored. */
export const cacheableHeaders = {
  ...headersOf(),
  'Cache-Control': {
    description: 'How long the response may be stored.',
    required: true,
    schema: { type: 'string', pattern: '^public, max-age=[0-9]+$' },
    example: 'public, max-age=3600',
  },
  ETag: {
    description: 'Changes with the response. Send it in `If-None-Match`.',
    required: true,
    schema: { type: 'string', pattern: '^"[^"]+"$' },
    example: '"k8Ng1s3Yb0"',
  },
} satisfies ZodOpenApiHeadersObject;
