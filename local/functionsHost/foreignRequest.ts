import type { IncomingMessage } from 'node:http';
import { isLoopbackHost, isLoopbackOrigin } from '../loopbackOrigin.ts';
import { allowsOrigin, type CorsSettings } from './cors.ts';

/**
 * Why the host rejects a request: a web page of another site sent it (Origin), or reached this machine through DNS
 * (Host). The page could otherwise create users here, although it cannot read the response.
 */
export function foreignRequest({ headers }: IncomingMessage, cors: CorsSettings): string | undefined {
  const { host, origin } = headers;
  if (!isLoopbackHost(host)) {
    return `The Host header '${host ?? ''}' is not this machine. A tunnel must send Host: localhost.`;
  }
  if (origin === undefined || isLoopbackOrigin(origin) || allowsOrigin(origin, cors)) return undefined;
  return `Origin ${origin} is not allowed. Add it to Host.CORS in local.settings.json.`;
}
