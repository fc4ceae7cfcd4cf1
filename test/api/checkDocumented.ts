import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { matchRoute } from '../../local/functionsHost/routes.ts';
import openapi from '../../openapi.json' with { type: 'json' };
import type { ApiResponse } from './api.ts';

type Schema = Record<string, unknown>;

interface DocumentedResponse {
  headers: Record<string, { schema: Schema }>;
  content?: Record<string, { schema: Schema; examples?: Record<string, unknown> }>;
}

interface DocumentedOperation {
  responses: Record<string, DocumentedResponse>;
}

const { paths } = expand(openapi) as { paths: Record<string, Record<string, DocumentedOperation>> };
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { responses }]) => ({
    methods: [method.toUpperCase()],
    route: `api${path}`,
    responses,
  })),
);

const ajv = addFormats.default(new Ajv2020({ allErrors: true }));

/** What the Functions host responds itself: a wrong key, an unknown route, a malformed path, an enormous body. */
const HOST_STATUSES = [400, 401, 404, 413];

/** Throws unless openapi.json describes the response: its status, headers, and every field of its body. */
export function checkDocumented(method: string, path: string, response: ApiResponse): void {
  const { status, headers, body } = response;
  if (body === undefined && !headers.has('X-Request-Id') && HOST_STATUSES.includes(status)) return;
  const fail = (reason: string) => {
    throw new Error(`${method} ${path.slice(0, 100)}, ${status}: ${reason}`);
  };

  const operation = matchRoute(operations, method, `/api/${path}`)?.function;
  if (operation === undefined) return fail('openapi.json has no such operation');
  const documented = operation.responses[status];
  if (documented === undefined) return fail('openapi.json does not list the status');

  for (const [name, { schema }] of Object.entries(documented.headers)) {
    const text = headers.get(name);
    const value = schema['type'] === 'integer' ? Number(text ?? NaN) : text;
    if (!ajv.validate(schema, value)) fail(`${name} ${ajv.errorsText()}`);
  }

  if (body === undefined && documented.content === undefined) return;
  const type = headers.get('Content-Type') ?? '';
  const content = documented.content?.[type];
  if (content === undefined) return fail(`openapi.json has no body of the type '${type}'`);
  if (!ajv.validate(content.schema, body)) fail(`the body: ${ajv.errorsText()}`);
  if (status >= 400 && type === 'application/problem+json') {
    const { code } = body as { code: string };
    if (content.examples?.[code] === undefined) fail(`openapi.json has no example of the code ${code}`);
  }
}

/**
 * The document with each reference replaced by what it stands for. Objects are closed: clients must accept fields
 * that they do not know, but the service must not send fields that the document does not have.
 */
function expand(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(expand);
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part) return expand(lookUp(String(part.$ref)));
  const expanded = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, expand(value)]));
  return 'properties' in expanded ? { additionalProperties: false, ...expanded } : expanded;
}

/** The part of the document that `#/components/…` names. */
function lookUp(reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], openapi);
}
