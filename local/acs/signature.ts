import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { EmulatorRequest } from '../emulator/serve.ts';
import { contentHashDiffers, denied } from './identityServiceError.ts';

const authorization = /^HMAC-SHA256 SignedHeaders=(?<signedHeaders>[^&]+)&Signature=(?<signature>.+)$/i;

// Public answers name five minutes; Microsoft documents no number.
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Returns the key that signed the request. Throws the service's 401 when none did. */
export function signingKey(request: EmulatorRequest, keys: readonly Buffer[], now: number): Buffer {
  const { signedHeaders, signature } = authorization.exec(request.headers.authorization ?? '')?.groups ?? {};
  if (signedHeaders === undefined || signature === undefined) throw denied();
  const names = signedHeaders.toLowerCase().split(';');
  // The preview SDK signs `date` on Node, the GA one `x-ms-date`.
  const dateName = names.find((name) => name === 'date' || name === 'x-ms-date');
  if (dateName === undefined || !names.includes('host') || !names.includes('x-ms-content-sha256'))
    throw denied();

  const contentHash = createHash('sha256').update(request.body).digest('base64');
  if (header(request, 'x-ms-content-sha256') !== contentHash) throw contentHashDiffers();

  const skewMs = Math.abs(Date.parse(header(request, dateName)) - now);
  if (!(skewMs <= MAX_CLOCK_SKEW_MS)) throw denied();

  const values = names.map((name) => header(request, name)).join(';');
  const stringToSign = `${request.method}\n${request.target}\n${values}`;
  const received = Buffer.from(signature, 'base64');
  const key = keys.find((candidate) => {
    const expected = createHmac('sha256', candidate).update(stringToSign).digest();
    return received.length === expected.length && timingSafeEqual(received, expected);
  });
  if (key === undefined) throw denied();
  return key;
}

function header(request: EmulatorRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
