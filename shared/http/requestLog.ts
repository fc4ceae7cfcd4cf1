import { isRestError } from '@azure/core-rest-pipeline';
import type { InvocationContext } from '@azure/functions';
import type { ServiceError, ErrorCode } from '../errors.ts';

/** The structured log event of a request, and the audit record of what was allowed or rejected. No field can hold a token, a key or a bearer. */
export interface RequestEvent {
  event: 'request';
  function: string;
  requestId: string;
  status: number;
  outcome: 'ok' | ErrorCode;
  durationMs: number;
  /** HTTP requests sent to Communication Services, retries included. */
  upstreamCalls: number;
  caller?: string;
  /** A hash; see subjectKey. */
  subject?: string | undefined;
  /** The client id in the bearer token. */
  client?: string | undefined;
  communicationUser?: string | undefined;
  /** Scopes and lifetime of the token, defaults included. */
  scopes?: readonly string[] | undefined;
  expiresInMinutes?: number | undefined;
  /** What the operator should change. */
  hint?: string;
  cause?: string;
}

/** The fields that a handler adds. */
export type LogFields = Pick<RequestEvent, 'communicationUser' | 'scopes' | 'expiresInMinutes'>;

export function logRequest(context: InvocationContext, event: RequestEvent): void {
  const line = JSON.stringify(event);
  if (event.status >= 500) context.error(line);
  else if (event.status === 429) context.warn(line);
  else context.log(line);
}

/** An error's hint and the chain of its causes, each by kind, code and status: their texts may hold secrets. */
export function errorFields(error: ServiceError): Pick<RequestEvent, 'hint' | 'cause'> {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(describe(cause));
  }
  return {
    ...(error.operatorHint === undefined ? {} : { hint: error.operatorHint }),
    ...(causes.length === 0 ? {} : { cause: causes.join(' < ') }),
  };
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const status = isRestError(error) ? String(error.statusCode ?? '') : '';
  // Such a code says more than the name, which may be that of a minified class.
  const name = code.startsWith('ERR_') ? '' : error.name;
  return [name, code, status].filter((part) => /^[\w.-]{1,64}$/.test(part)).join(' ');
}
