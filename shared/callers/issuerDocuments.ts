import * as z from 'zod/mini';

const TIMEOUT_MS = 4000;
/** Real documents have a few kilobytes. */
const MAX_DOCUMENT_BYTES = 512 * 1024;

export const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() });
export const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Fetches a JSON document of the issuer; follows no redirect. Rejects after 4 seconds or 512 KiB. */
export async function fetchDocument<T>(fetch: Fetch, url: string, schema: z.ZodMiniType<T>): Promise<T> {
  const response = await fetch(url, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The issuer responds with status ${response.status}.`);
  }
  return schema.parse(JSON.parse(await readText(response)));
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> = response.body ?? new ReadableStream<Uint8Array>();
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_DOCUMENT_BYTES) throw new Error('The document of the issuer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
