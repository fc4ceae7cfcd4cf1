import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** The keys of one start of the host. */
export interface Keys {
  functionKey: string;
  masterKey: string;
}

export function createKeys(): Keys {
  return { functionKey: newKey(), masterKey: newKey() };
}

function newKey(): string {
  return randomBytes(40).toString('base64url');
}

/** The key a request brings. The header wins over `?code=`, even when the header is empty. */
export function presentedKey(headers: IncomingHttpHeaders, query: URLSearchParams): string {
  const header = headers['x-functions-key'];
  return (Array.isArray(header) ? header[0] : header) ?? query.get('code') ?? '';
}

export function mayCall(level: AuthLevel, key: string, keys: Keys): boolean {
  if (level === 'anonymous') return true;
  const isMaster = sameKey(key, keys.masterKey);
  const isFunction = sameKey(key, keys.functionKey);
  return isMaster || (level === 'function' && isFunction);
}

// Hashed first, so that keys of different lengths take the same time too.
function sameKey(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
