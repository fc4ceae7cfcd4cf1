import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '../loopbackOrigin.ts';

/** What tunnels and proxies add. */
const FORWARDED = /^(?:forwarded|via|cf-connecting-ip|x-forwarded-.*|x-real-ip)$/;

/**
 * Why the console rejects a request: it comes through DNS rebinding (Host), from another site or port (Origin,
 * Sec-Fetch-Site), or from another machine through a tunnel. A link from another site may open the page: the site
 * cannot read it.
 */
export function foreignToConsole(headers: IncomingHttpHeaders): string | undefined {
  const { host = '', origin } = headers;
  if (!isLoopbackHost(host)) return 'The Host header must be a loopback address.';
  if (Object.keys(headers).some((name) => FORWARDED.test(name))) {
    return 'The console is for this machine only. A tunnel or proxy forwarded the request.';
  }
  const site = headers['sec-fetch-site'] ?? 'none';
  const opensPage = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const isOwn =
    origin === undefined ? opensPage || /^(?:same-origin|none)$/.test(site) : origin === `http://${host}`;
  return isOwn ? undefined : 'Only the page of the console may send this request.';
}
