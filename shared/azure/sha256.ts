import { type BinaryToTextEncoding, createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

// In the bundle these take the place of the SDK's functions, which the ACS SDK signs its requests with
// (tools/build.ts). The SDK gives Node the key as bytes for every signature, which takes 10 µs instead of 2.

let latest: { base64: string; key: KeyObject } | undefined;

/** HMAC-SHA256 with a base64 key. Keeps the key object of the latest one: a process uses one key at a time. */
export function computeSha256Hmac(
  key: string,
  stringToSign: string,
  encoding: BinaryToTextEncoding,
): Promise<string> {
  if (latest?.base64 !== key) latest = { base64: key, key: createSecretKey(key, 'base64') };
  return Promise.resolve(createHmac('sha256', latest.key).update(stringToSign).digest(encoding));
}

export function computeSha256Hash(content: string, encoding: BinaryToTextEncoding): Promise<string> {
  return Promise.resolve(hash('sha256', content, encoding));
}
