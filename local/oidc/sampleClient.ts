import { isLoopbackHost } from '../loopbackOrigin.ts';

/** The public client for scripts and apps on this machine. */
export const SAMPLE_CLIENT = 'sample-app';

/** Signs in the user in `username` without a password. Only the local provider supports it. */
export const SAMPLE_GRANT = 'urn:acs-token-service:sample-user';

/** Schemes that browsers interpret themselves, so no app can own them. */
const WEB_SCHEMES = /^(?:https?|wss?|ftp|file|data|blob|about|javascript|vbscript):$/;

/** Whether a sign-in may end there: on this machine with any port and path, or in an app with a scheme of its own. */
export function isSampleRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  return /^https?:$/.test(url.protocol) ? isLoopbackHost(url.host) : !WEB_SCHEMES.test(url.protocol);
}
