import type { HttpRequest } from '@azure/functions';

/** Who sent a request: a trusted backend, which may act on any communication user, or an end user. */
export type Caller = { kind: 'service'; subject?: string } | EndUser;

/** An end user, who may act on its own communication user only. */
export interface EndUser {
  kind: 'user';
  /** See subjectKey. */
  subject: string;
}

/** Identifies callers. Throws `unauthenticated` for a request without valid credentials. */
export interface Callers {
  identify(request: HttpRequest, signal: AbortSignal): Promise<Caller>;
}

/** With `CALLER_AUTH=function-key` the Functions host lets only holders of a key reach this code. */
export const functionKeyCallers: Callers = {
  identify: () => Promise.resolve({ kind: 'service' }),
};
