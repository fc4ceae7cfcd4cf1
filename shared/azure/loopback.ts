import { isIPv4 } from 'node:net';

/** Whether the URL's host is 127.0.0.0/8, ::1 or localhost. Does no DNS lookup. */
export function isLoopback(url: URL): boolean {
  const { hostname } = url;
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}
