import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../../shared/azure/loopback.ts';
import { Refusal } from './refusal.ts';

/**
 * Refuses what a web page from elsewhere makes the user's browser send here: its Origin gives it away, or, when its
 * own name was made to resolve to this machine (DNS rebinding), the Host.
 */
export function refuseStrangers({ host, origin }: IncomingHttpHeaders): void {
  if (!isLocal(`http://${host ?? ''}`)) throw new Refusal(403, { error: 'Use a loopback address as host.' });
  if (origin !== undefined && !isLocal(origin)) {
    throw new Refusal(403, { error: `Pages from ${origin} may not use this.` });
  }
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url));
}
