import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Exchange } from '../emulator/serve.ts';
import { contentHashDiffers, denied } from './errors.ts';

const authorization = /^HMAC-SHA256 SignedHeaders=(?<signedHeaders>[^&]+)&Signature=(?<signature>.+)$/i;

// Public answers say five minutes; Microsoft gives no figure.
const clockWindowMs = 5 * 60_000;

/** Finds the key that signed the request; throws what the service answers when none did. */
export function signingKey(exchange: Exchange, keys: readonly Buffer[], now: number): Buffer {
  const { signedHeaders, signature } = authorization.exec(exchange.headers.authorization ?? '')?.groups ?? {};
  if (signedHeaders === undefined || signature === undefined) throw denied();
  const names = signedHeaders.toLowerCase().split(';');
  // The preview SDK signs `date` on Node, the GA one `x-ms-date`.
  const dateName = names.find((name) => name === 'date' || name === 'x-ms-date');
  if (dateName === undefined || !names.includes('host') || !names.includes('x-ms-content-sha256'))
    throw denied();

  const contentHash = createHash('sha256').update(exchange.body).digest('base64');
  if (header(exchange, 'x-ms-content-sha256') !== contentHash) throw contentHashDiffers();

  const skewMs = Math.abs(Date.parse(header(exchange, dateName)) - now);
  if (!(skewMs <= clockWindowMs)) throw denied();

  const values = names.map((name) => header(exchange, name)).join(';');
  const stringToSign = `${exchange.method}\n${exchange.target}\n${values}`;
  const received = Buffer.from(signature, 'base64');
  const key = keys.find((candidate) => {
    const expected = createHmac('sha256', candidate).update(stringToSign).digest();
    return received.length === expected.length && timingSafeEqual(received, expected);
  });
  if (key === undefined) throw denied();
  return key;
}

function header(exchange: Exchange, name: string): string {
  const value = exchange.headers[name];
  return typeof value === 'string' ? value : '';
}
