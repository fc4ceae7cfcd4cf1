import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Who can call a function: everyone, holders of a function key, or holders of the master key. */
export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** The keys of a running host; every start creates new ones. */
export interface Keys {
  functionKey: string;
  masterKey: string;
}

/** Creates random keys. */
export function createKeys(): Keys {
  return { functionKey: newKey(), masterKey: newKey() };
}

/** In hex: a key in base64url can start with a dash, which `--key <key>` takes for another option. */
function newKey(): string {
  return randomBytes(40).toString('hex');
}

/** The key in a request. The header wins over `?code=`, even when it is empty. */
export function presentedKey(headers: IncomingHttpHeaders, query: URLSearchParams): string {
  const header = headers['x-functions-key'];
  return (Array.isArray(header) ? header[0] : header) ?? query.get('code') ?? '';
}

/** Whether the key allows a call at this level. The master key allows every call. */
export function mayCall(level: AuthLevel, key: string, keys: Keys): boolean {
  if (level === 'anonymous') return true;
  const isMaster = sameKey(key, keys.masterKey);
  const isFunction = sameKey(key, keys.functionKey);
  return isMaster || (level === 'function' && isFunction);
}

// Hashing gives both keys the same length, which timingSafeEqual requires.
function sameKey(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
