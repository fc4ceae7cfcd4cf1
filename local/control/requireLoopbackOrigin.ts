import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../../shared/azure/loopback.ts';
import { ControlError } from './controlError.ts';

/** Rejects requests that a web page makes from another site (Origin) or through DNS rebinding (Host). */
export function requireLoopbackOrigin({ host, origin }: IncomingHttpHeaders): void {
  if (!isLocal(`http://${host ?? ''}`)) {
    throw new ControlError(403, { error: 'The Host header must be a loopback address.' });
  }
  if (origin !== undefined && !isLocal(origin)) {
    throw new ControlError(403, { error: `Origin ${origin} is not allowed. Use a page on this machine.` });
  }
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url));
}
