import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Caller } from '../callers/caller.ts';
import type { TokenLimits } from './contract.ts';
import { type Deadline, startDeadline } from '../azure/deadline.ts';
import { Fault } from '../errors.ts';
import { problemResponse } from './problem.ts';
import { type EventDetails, faultDetails, logRequest, type RequestEvent } from './requestLog.ts';
import type { Service } from '../app.ts';
import type { TokenService } from '../tokenService.ts';

/** A request that has passed every gate, and what serves it. */
export interface Call {
  request: HttpRequest;
  caller: Caller;
  limits: TokenLimits;
  tokens: TokenService;
  /** Aborts at the request's deadline. */
  signal: AbortSignal;
  /** Adds to the request's log event. */
  note: (details: EventDetails) => void;
}

type Handle = (call: Call) => Promise<HttpResponseInit>;

/** What every function does around its handler: identify the caller, keep the deadline, answer and log. */
export function endpoint(service: Service, name: string, handle: Handle): HttpHandler {
  return async (request, context) => {
    const started = performance.now();
    const event: Partial<RequestEvent> = {};
    let deadline: Deadline | undefined;
    let response: HttpResponseInit;
    try {
      const { settings, callers, limit, tokens } = service.parts();
      deadline = startDeadline(settings.deadlineMs);
      const { signal } = deadline;
      const caller = await callers.identify(request, signal);
      Object.assign(event, { caller: caller.kind, subject: caller.subject });
      await limit(caller);
      const note = (details: EventDetails) => Object.assign(event, details);
      response = await handle({ request, caller, limits: settings.tokens, tokens, signal, note });
      event.outcome = 'ok';
    } catch (error) {
      const fault = asFault(error);
      response = problemResponse(fault, context.invocationId);
      Object.assign(event, { outcome: fault.code, ...faultDetails(fault) });
    } finally {
      deadline?.end();
    }
    logRequest(context, {
      event: 'request',
      function: name,
      requestId: context.invocationId,
      status: response.status ?? 200,
      outcome: 'internal',
      durationMs: Math.round(performance.now() - started),
      upstreamCalls: deadline?.upstreamCalls ?? 0,
      ...event,
    });
    return withCommonHeaders(response, context);
  };
}

/** Adds the headers that every response of the service carries. */
export function withCommonHeaders(response: HttpResponseInit, context: InvocationContext): HttpResponseInit {
  return {
    ...response,
    headers: {
      ...(response.headers as Record<string, string> | undefined),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': context.invocationId,
    },
  };
}

function asFault(error: unknown): Fault {
  return error instanceof Fault
    ? error
    : new Fault('internal', 'The service failed; its log holds the request id.', { cause: error });
}
