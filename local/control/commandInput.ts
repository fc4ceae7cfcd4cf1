import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ControlError } from './controlError.ts';

/** A secret has at most 25 KiB. */
const MAX_BYTES = 64 * 1024;

/** Reads a command's input from a JSON body. No body means `{}`. Throws a ControlError for invalid input. */
export async function readInput(request: IncomingMessage, schema: z.ZodType): Promise<unknown> {
  const body = await readBody(request);
  if (body !== '' && !/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new ControlError(415, { error: 'The content type must be application/json.' });
  }
  const input = schema.safeParse(parse(body));
  if (input.success) return input.data;
  throw new ControlError(400, {
    error: z.prettifyError(input.error),
    fields: input.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Reads even a body that is too long to its end: a client that is still sending would not read the response.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BYTES)
    throw new ControlError(413, { error: `The body must have at most ${MAX_BYTES} bytes.` });
  return Buffer.concat(chunks).toString();
}

function parse(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    throw new ControlError(400, { error: 'The body is not valid JSON.' });
  }
}
