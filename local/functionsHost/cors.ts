import type { IncomingMessage } from 'node:http';
import { isLoopbackOrigin } from '../loopbackOrigin.ts';
import type { Reply } from './reply.ts';

/** Which pages may call the functions. */
export interface CorsSettings {
  /** In lower case; `*` allows any origin. */
  origins: readonly string[];
  credentials: boolean;
  /** Whether pages of this machine may call, on any port. */
  loopback: boolean;
}

export function allowsOrigin(origin: string, { origins, loopback }: CorsSettings): boolean {
  if (origins.includes('*') || origins.includes(origin.toLowerCase())) return true;
  return loopback && isLoopbackOrigin(origin);
}

/** The CORS headers for a request from an allowed origin; none for any other request. */
export function corsHeaders(request: IncomingMessage, cors: CorsSettings): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined) return {};
  if (cors.origins.includes('*')) return { 'access-control-allow-origin': '*' };
  if (!allowsOrigin(origin, cors)) return {};
  return {
    'access-control-allow-origin': origin,
    ...((cors.loopback || cors.origins.length > 1) && { vary: 'Origin' }),
    ...(cors.credentials && { 'access-control-allow-credentials': 'true' }),
  };
}

/**
 * Replies to a preflight request and allows any method and header. An origin that is not allowed gets the same 204
 * without headers, as in ASP.NET.
 */
export function preflight(request: IncomingMessage, cors: CorsSettings): Reply | undefined {
  if (cors.origins.length === 0 && !cors.loopback) return undefined;
  const method = request.headers['access-control-request-method'];
  if (request.method !== 'OPTIONS' || request.headers.origin === undefined || method === undefined) {
    return undefined;
  }
  const allowed = corsHeaders(request, cors);
  if (Object.keys(allowed).length === 0) return { status: 204 };
  const requested = request.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': method,
      ...(requested !== undefined && { 'access-control-allow-headers': requested }),
    },
  };
}
