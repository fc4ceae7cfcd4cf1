import type { HttpRequest } from '@azure/functions';

/** Who sent a request. A service is trusted with every communication user. */
export interface Caller {
  kind: 'service';
}

/** How callers are told apart. Throws `unauthenticated` for a request that proves nobody. */
export interface Callers {
  identify(request: HttpRequest, signal: AbortSignal): Promise<Caller>;
}

/** With `CALLER_AUTH=function-key` the Functions host lets only holders of a key reach this code. */
export const functionKeyCallers: Callers = {
  identify: () => Promise.resolve({ kind: 'service' }),
};
