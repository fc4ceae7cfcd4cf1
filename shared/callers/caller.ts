import type { HttpRequest } from '@azure/functions';

/** Who sent a request: a trusted backend, or an end user who has proved to be `subject`. */
export type Caller = { kind: 'service'; subject?: string } | User;

/** An end user, by the key that stands for its issuer and subject. */
export interface User {
  kind: 'user';
  subject: string;
}

/** How callers are told apart. Throws `unauthenticated` for a request that proves nobody. */
export interface Callers {
  identify(request: HttpRequest, signal: AbortSignal): Promise<Caller>;
}

/** With `CALLER_AUTH=function-key` the Functions host lets only holders of a key reach this code. */
export const functionKeyCallers: Callers = {
  identify: () => Promise.resolve({ kind: 'service' }),
};
