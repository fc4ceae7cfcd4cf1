import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { ErrorCode } from '../../shared/errors.ts';
import { MAX_BODY_BYTES } from '../../shared/http/contract.ts';
import { problemTypes } from '../../shared/http/problem.ts';
import { type Problem, problemSchema } from '../../shared/http/responseSchemas.ts';
import { type headers, headersOf } from './headers.ts';

interface ProblemDocs {
  /** Says when it happens and what to do, in Markdown. */
  description: string;
  example: Pick<Problem, 'detail' | 'errors'>;
}

const problemDocs: Record<ErrorCode, ProblemDocs> = {
  invalid_request: {
    description: 'A field, parameter or header is wrong: `errors` names each. Fix the request.',
    example: {
      detail: 'The request is not valid. See errors.',
      errors: [{ path: 'scopes[1]', message: 'must be one of chat, voip' }],
    },
  },
  unauthenticated: {
    description:
      'The bearer token is missing or not valid. Sign in again. ' +
      'A missing or wrong function key is refused by Azure Functions itself, without a body and these headers.',
    example: { detail: 'The token has expired.' },
  },
  forbidden: {
    description:
      'A signed-in user names an id that is not its own, or its token lacks the required scope, client or role.',
    example: { detail: 'This is not your communication user. Use me as the id.' },
  },
  user_not_found: {
    description:
      'Communication Services does not know the user, or another resource has it. Create the user again.',
    example: { detail: 'Communication Services has no user with this id.' },
  },
  length_required: {
    description: 'The request announces a body that did not arrive. Send `Content-Length`, and no chunks.',
    example: {
      detail:
        'The request announces a body, but none arrived: Azure Functions drops bodies without a Content-Length.',
    },
  },
  payload_too_large: {
    description: `The body is over ${MAX_BODY_BYTES / 1024} KiB.`,
    example: { detail: `The request body is longer than ${MAX_BODY_BYTES} bytes.` },
  },
  too_many_requests: {
    description: 'Communication Services throttles the service, or a signed-in user is over its rate limit.',
    example: { detail: 'Rate limit exceeded. Retry after the time in Retry-After.' },
  },
  internal: {
    description: 'A bug. Report it with the request id.',
    example: { detail: 'Internal error. Report it with the request id.' },
  },
  misconfigured: {
    description:
      'A setting or the secret of the service is missing or wrong: the log of the service names it.',
    example: { detail: 'The service is misconfigured. Its log says what to change.' },
  },
  upstream_rejected: {
    description:
      'Communication Services rejects the credentials of the service, also after they were read again.',
    example: { detail: 'Communication Services rejects the credentials of this service.' },
  },
  upstream_unavailable: {
    description: 'Communication Services, Key Vault, the identity provider or the user table is unavailable.',
    example: { detail: 'Communication Services is unavailable. Try again later.' },
  },
  upstream_timeout: {
    description: 'The deadline of the request passed.',
    example: { detail: 'The request did not complete in time. Try again.' },
  },
};

/** What a response with the status has beside the common headers. */
const statusHeaders: Record<number, (keyof typeof headers)[]> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  502: ['Retry-After'],
  503: ['Retry-After'],
  504: ['Retry-After'],
};

/** A response is a component of the document when the operations share the object. */
const shared = new Map<string, ZodOpenApiResponseObject>();

/** The responses of an operation that can fail with the codes. */
export function problemResponses(...codes: ErrorCode[]): ZodOpenApiResponsesObject {
  const byStatus = Object.groupBy(codes, (code) => String(problemTypes[code].status));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, ofStatus = []]) => [
      status,
      responseFor(Number(status), ofStatus),
    ]),
  );
}

function responseFor(status: number, codes: ErrorCode[]): ZodOpenApiResponseObject {
  const id = codes.map(pascalCase).join('Or');
  const known = shared.get(id);
  if (known !== undefined) return known;
  const response: ZodOpenApiResponseObject = {
    id,
    description: codes.map((code) => `\`${code}\`: ${problemDocs[code].description}`).join('\n\n'),
    headers: headersOf(...(statusHeaders[status] ?? [])),
    content: {
      'application/problem+json': {
        schema: problemSchema,
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
  shared.set(id, response);
  return response;
}

function exampleOf(code: ErrorCode): Problem {
  const { detail, errors } = problemDocs[code].example;
  return {
    type: `urn:acs-token-service:problem:${code}`,
    ...problemTypes[code],
    detail,
    code,
    requestId: 'e8b47c6d-9055-4a07-a8f1-e3c04d014fce',
    ...(errors === undefined ? {} : { errors }),
  };
}

/** `UserNotFound` for `user_not_found`. */
function pascalCase(code: string): string {
  return code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
