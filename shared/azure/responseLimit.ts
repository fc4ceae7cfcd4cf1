import { type PipelinePolicy, type PipelineResponse, RestError } from '@azure/core-rest-pipeline';

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
    return readableStreamBody === undefined
      ? response
      : { ...rest, bodyAsText: await readText(response, readableStreamBody) };
  },
};

async function readText(response: PipelineResponse, body: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > MAX_RESPONSE_BYTES) break;
      chunks.push(bytes);
    }
  } catch (cause) {
    throw unreadable(response, 'The response broke off.', RestError.PARSE_ERROR, cause);
  }
  // Leaving the loop early has destroyed the stream, and with it the connection.
  if (length > MAX_RESPONSE_BYTES) {
    throw unreadable(response, 'The response is too large.', RESPONSE_TOO_LARGE);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unreadable(
  { request }: PipelineResponse,
  message: string,
  code: string,
  cause?: unknown,
): RestError {
  return Object.assign(new RestError(message, { code, request }), { cause });
}
