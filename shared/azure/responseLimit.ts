import {
  isRestError,
  type PipelinePolicy,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import { Readable } from 'node:stream';

/** Real responses have a few kilobytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
/** The code of the RestError for a longer one. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

/**
 * Reads at most 1 MiB of a response, unpacked, and asks for an unpacked one. Without a limit, one response of some
 * hundred kilobytes can unpack to more than the process can hold. Add it `perRetry`.
 */
export const limitResponseSize: PipelinePolicy = {
  name: 'limitResponseSize',
  async sendRequest(request, next) {
    request.headers.set('Accept-Encoding', 'identity');
    // Any status: the HTTP client hands out the body as a stream instead of reading it to the end.
    request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
    const response = await next(request);
    const { readableStreamBody, ...rest } = response;
    return readableStreamBody instanceof Readable
      ? { ...rest, bodyAsText: await readText(response, readableStreamBody) }
      : response;
  },
};

/** Listens to events: with an async iterator or `finished`, issueToken takes 3 to 5% more CPU time. */
function readText(response: PipelineResponse, body: Readable): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let length = 0;
  body.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_RESPONSE_BYTES) chunks.push(chunk);
    else body.destroy(unreadable(response, 'The response is too large.', RESPONSE_TOO_LARGE));
  });
  body.on('end', () => {
    resolve(Buffer.concat(chunks).toString('utf8'));
  });
  const fail = (cause?: unknown) => {
    if (isRestError(cause)) reject(cause);
    else reject(unreadable(response, 'The response broke off.', RestError.PARSE_ERROR, cause));
  };
  body.on('error', fail);
  body.on('close', () => {
    if (!body.readableEnded) fail();
  });
  return promise;
}

function unreadable(
  { request }: PipelineResponse,
  message: string,
  code: string,
  cause?: unknown,
): RestError {
  return Object.assign(new RestError(message, { code, request }), { cause });
}
