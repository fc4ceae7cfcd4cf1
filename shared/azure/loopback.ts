import { isIPv4 } from 'node:net';

/** Whether the URL names this machine: 127.0.0.0/8, ::1 or localhost. Nothing is resolved. */
export function isLoopback(url: URL): boolean {
  const { hostname } = url;
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}
