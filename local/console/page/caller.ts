import { byId, setText } from './element.ts';
import { send } from './problem.ts';
import type { Settings } from './settings.ts';

const key = byId('key', HTMLInputElement);
const bearer = byId('bearer', HTMLTextAreaElement);
const sampleUser = byId('sample-user', HTMLInputElement);
const signedIn = byId('signed-in', HTMLElement);

let accessToken = '';

/** Shows how this service identifies callers. */
export function showCaller({ issuer, hasSampleUsers, checksKeys }: Settings): void {
  accessToken = '';
  setText(signedIn, '');
  byId('caller-open', HTMLElement).hidden = issuer !== undefined || checksKeys;
  byId('key-form', HTMLElement).hidden = issuer !== undefined || !checksKeys;
  byId('sign-in-form', HTMLElement).hidden = issuer === undefined || !hasSampleUsers;
  byId('bearer-form', HTMLElement).hidden = issuer === undefined || hasSampleUsers;
  byId('issuer', HTMLElement).textContent = issuer ?? '';
}

/** The headers that identify the caller. */
export function callerHeaders(): Record<string, string> {
  const token = accessToken || bearer.value.trim();
  return {
    ...(key.value !== '' && { 'x-functions-key': key.value }),
    ...(token !== '' && { Authorization: `Bearer ${token}` }),
  };
}

/** Signs in the sample user whose name is in the form. */
export async function signIn(): Promise<void> {
  const name = sampleUser.value.trim();
  const response = await send(`/console/sign-in/${encodeURIComponent(name)}`, { method: 'POST' });
  accessToken = await response.text();
  setText(signedIn, `Signed in as ${name}, for an hour.`);
}
