import type { HttpRequest } from '@azure/functions';
import { invalidRequest } from '../errors.ts';

/** Who sent a request: a trusted backend, which may act on any communication user, or an end user. */
export type Caller = Service | EndUser;

interface Service {
  kind: 'service';
  /** As for an end user; absent with function keys. */
  subject?: string;
  client?: string | undefined;
}

/** An end user, who may act on its own communication user only. */
export interface EndUser {
  kind: 'user';
  /** See subjectKey. */
  subject: string;
  /** The client id in its bearer token. */
  client?: string | undefined;
  /** The object id of Entra ID (`oid`) in its bearer token. Personal: never logged. */
  objectId?: string | undefined;
}

/** A user as the app's identity provider names it. */
export interface AppUser {
  subject: string;
  tenantId: string | undefined;
}

/** Identifies callers and the users that they name. */
export interface Callers {
  /** Throws `unauthenticated` for a request without valid credentials, and `forbidden`. */
  identify(request: HttpRequest, signal: AbortSignal): Promise<Caller>;
  /** The end user that a service names in a request. Throws `invalid_request`. */
  endUser(appUser: AppUser): EndUser;
}

/** With `CALLER_AUTH=function-key` the Functions host lets only holders of a key reach this code. */
export const functionKeyCallers: Callers = {
  identify: () => Promise.resolve({ kind: 'service' }),
  endUser() {
    throw invalidRequest({ path: 'subject', message: 'needs a service with CALLER_AUTH=oidc' });
  },
};
