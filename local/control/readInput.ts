import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { Refusal } from './refusal.ts';

/** A secret's value may have 25 KiB. */
const MAX_BYTES = 64 * 1024;

/** The command's input, from a JSON body; no body is the same as `{}`. */
export async function readInput(request: IncomingMessage, schema: z.ZodType): Promise<unknown> {
  const body = await readBody(request);
  if (body !== '' && !/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, { error: 'Send application/json.' });
  }
  const input = schema.safeParse(parse(body));
  if (input.success) return input.data;
  throw new Refusal(400, {
    error: z.prettifyError(input.error),
    fields: input.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Read to its end even when it is too long: a client that still sends would not see the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BYTES) throw new Refusal(413, { error: `Send at most ${MAX_BYTES} bytes.` });
  return Buffer.concat(chunks).toString();
}

function parse(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    throw new Refusal(400, { error: 'The body is not JSON.' });
  }
}
