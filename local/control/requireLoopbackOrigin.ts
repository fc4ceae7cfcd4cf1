import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackHost, isLoopbackOrigin } from '../loopbackOrigin.ts';
import { ControlError } from './controlError.ts';

/** Rejects requests that a web page makes from another site (Origin) or through DNS rebinding (Host). */
export function requireLoopbackOrigin({ host, origin }: IncomingHttpHeaders): void {
  if (!isLoopbackHost(host)) {
    throw new ControlError(403, { error: 'The Host header must be a loopback address.' });
  }
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    throw new ControlError(403, { error: `Origin ${origin} is not allowed. Use a page on this machine.` });
  }
}
