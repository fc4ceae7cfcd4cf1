import { isLoopback } from '../shared/azure/loopback.ts';

/** How a program in the Android emulator reaches this machine. */
const ANDROID_HOST = '10.0.2.2';

/** Whether the value of an `Origin` header is a page on this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && url.username === '' && url.password === '' && isLoopback(url);
}

/** Whether the value of a `Host` header names this machine. A name that points here through DNS does not. */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined || /[@/\\?#]/.test(host)) return false;
  const url = URL.parse(`http://${host}`);
  return url !== null && (isLoopback(url) || url.hostname === ANDROID_HOST);
}
