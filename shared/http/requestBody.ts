import type { HttpRequest } from '@azure/functions';
import { MAX_BODY_BYTES } from './contract.ts';
import { ServiceError, invalidRequest } from '../errors.ts';

/** The JSON of the request body; an empty object when there is no body. Throws `payload_too_large` or `invalid_request`. */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  rejectLongBody(Number(request.headers.get('content-length') ?? 0));
  const bytes = await request.arrayBuffer();
  rejectLongBody(bytes.byteLength);
  if (bytes.byteLength === 0) return {};

  const type = request.headers.get('content-type') ?? '';
  if (!/^\s*application\/json\s*(;|$)/i.test(type)) {
    throw invalidRequest({ path: 'Content-Type', message: 'must be application/json' });
  }
  return parseStrictly(decode(bytes));
}

function rejectLongBody(bytes: number): void {
  if (bytes > MAX_BODY_BYTES) {
    throw new ServiceError('payload_too_large', `The request body is longer than ${MAX_BODY_BYTES} bytes.`);
  }
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ServiceError('invalid_request', 'The request body is not UTF-8.', {
      errors: [{ path: 'body', message: 'must be JSON in UTF-8' }],
      cause,
    });
  }
}

function parseStrictly(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest({ path: 'body', message: 'must be JSON' });
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw invalidRequest({ path: repeated, message: 'must appear only once' });
  return value;
}

/** A key that the outermost object of a valid JSON text has twice; JSON.parse silently keeps the last one. */
function repeatedKey(json: string): string | undefined {
  const keys = new Set<string>();
  let depth = 0;
  let lastString = '""';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token !== ':') lastString = token;
    else if (depth === 1) {
      const key = JSON.parse(lastString) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
