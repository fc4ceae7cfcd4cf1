import { isRestError } from '@azure/core-rest-pipeline';
import type { InvocationContext } from '@azure/functions';
import type { Fault, FaultCode } from '../errors.ts';

/** The one structured event of a request, which is also the audit record of what was allowed or refused. It has no field that could hold a token, a key or a bearer. */
export interface RequestEvent {
  event: 'request';
  function: string;
  requestId: string;
  status: number;
  outcome: 'ok' | FaultCode;
  durationMs: number;
  /** HTTP requests sent to ACS, retries included. */
  upstreamCalls: number;
  caller?: string;
  /** A hash: see subjectKey. */
  subject?: string | undefined;
  communicationUser?: string | undefined;
  scopes?: readonly string[] | undefined;
  expiresInMinutes?: number | undefined;
  /** What to mend, when the outcome is a fault. */
  note?: string;
  cause?: string;
}

/** What a handler knows of the request that the event should hold. */
export type EventDetails = Pick<RequestEvent, 'communicationUser' | 'scopes' | 'expiresInMinutes'>;

export function logRequest(context: InvocationContext, event: RequestEvent): void {
  const line = JSON.stringify(event);
  if (event.status >= 500) context.error(line);
  else if (event.status === 429) context.warn(line);
  else context.log(line);
}

/** A fault's `note` and the chain of its causes, each by kind, code and status: their texts may hold secrets. */
export function faultDetails(fault: Fault): Pick<RequestEvent, 'note' | 'cause'> {
  const causes: string[] = [];
  for (let cause = fault.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(describe(cause));
  }
  return {
    ...(fault.note === undefined ? {} : { note: fault.note }),
    ...(causes.length === 0 ? {} : { cause: causes.join(' < ') }),
  };
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const status = isRestError(error) ? String(error.statusCode ?? '') : '';
  return [error.name, code, status].filter((part) => /^[\w.-]{1,64}$/.test(part)).join(' ');
}
