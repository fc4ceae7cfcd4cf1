import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';

const defaultLimit = 104_857_600;

/** The most bytes a body may have. */
export function bodyLimit(environment: NodeJS.ProcessEnv): number {
  const limit = Number(environment['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']);
  return Number.isInteger(limit) && limit > 0 ? limit : defaultLimit;
}

/** The body's length as announced; 0 for a chunked one, which the Functions host does not pass on. */
export function bodyLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return bodyLength(request) > 0 ? buffer(request) : undefined;
}
