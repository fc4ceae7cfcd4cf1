import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { App } from '../app.ts';
import { withDeadline } from '../azure/deadline.ts';
import type { Caller, Callers } from '../callers/caller.ts';
import { ServiceError } from '../errors.ts';
import type { TokenPolicy } from './contract.ts';
import { problemResponse } from './problem.ts';
import { errorFields, type LogFields, logRequest, type RequestEvent } from './requestLog.ts';
import type { TokenService } from '../tokenService.ts';

/** What pages of another origin may read of a response. */
export const EXPOSED_HEADERS = 'Retry-After, WWW-Authenticate, X-Request-Id, Location';

/** A request of an identified caller, and what a handler needs to answer it. */
export interface Call {
  request: HttpRequest;
  caller: Caller;
  tokenPolicy: TokenPolicy;
  tokenService: TokenService;
  callers: Callers;
  /** Aborts at the request's deadline. */
  signal: AbortSignal;
  /** Adds to the request's log event. */
  addLogFields: (fields: LogFields) => void;
}

type Handler = (call: Call) => Promise<HttpResponseInit>;

/** Wraps a handler with what every operation does: deadline, caller, rate limit, errors, log event. */
export function endpoint(app: App, name: string, handler: Handler): HttpHandler {
  return loggedHandler(app, name, (request, event) => serve(app, handler, request, event));
}

/**
 * Answers errors with a problem, logs one event for each request, and adds the common headers. `cacheControl` is for
 * responses that are the same for every caller; an error is never stored.
 */
export function loggedHandler(
  { telemetry }: Pick<App, 'telemetry'>,
  name: string,
  respond: (request: HttpRequest, event: Partial<RequestEvent>) => Promise<HttpResponseInit>,
  cacheControl = 'no-store',
): HttpHandler {
  return (request, context) => {
    const { invocationId, traceContext } = context;
    return telemetry.request({ name, invocationId, traceContext }, async (report) => {
      const started = performance.now();
      const fields: Partial<RequestEvent> = { outcome: 'ok' };
      const response = await respond(request, fields).catch((thrown: unknown) => {
        const error = toServiceError(thrown);
        Object.assign(fields, { outcome: error.code, ...errorFields(error) });
        return problemResponse(error, invocationId);
      });
      const event: RequestEvent = {
        event: 'request',
        function: name,
        requestId: invocationId,
        status: response.status ?? 200,
        outcome: 'internal',
        durationMs: Math.round(performance.now() - started),
        upstreamCalls: 0,
        ...fields,
      };
      logRequest(context, event);
      report(event);
      return withCommonHeaders(response, context, event.outcome === 'ok' ? cacheControl : 'no-store');
    });
  };
}

async function serve(
  app: App,
  handler: Handler,
  request: HttpRequest,
  event: Partial<RequestEvent>,
): Promise<HttpResponseInit> {
  const { settings, callers, rateLimit, tokenService } = app.dependencies();
  const { tokenPolicy } = settings;
  const addLogFields = (fields: LogFields) => Object.assign(event, fields);
  return withDeadline(settings.deadlineMs, async (deadline) => {
    const { signal } = deadline;
    try {
      const caller = await callers.identify(request, signal);
      Object.assign(event, { caller: caller.kind, subject: caller.subject, client: caller.client });
      rateLimit(caller);
      return await handler({
        request,
        caller,
        callers,
        tokenPolicy,
        tokenService,
        signal,
        addLogFields,
      });
    } finally {
      event.upstreamCalls = deadline.upstreamCalls;
    }
  });
}

/** Adds the headers that every response of the service carries. */
function withCommonHeaders(
  response: HttpResponseInit,
  context: InvocationContext,
  cacheControl: string,
): HttpResponseInit {
  return {
    ...response,
    headers: {
      ...(response.headers as Record<string, string> | undefined),
      'Cache-Control': cacheControl,
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': context.invocationId,
      'Access-Control-Expose-Headers': EXPOSED_HEADERS,
    },
  };
}

function toServiceError(error: unknown): ServiceError {
  return error instanceof ServiceError
    ? error
    : new ServiceError('internal', 'Internal error. Report it with the request id.', { cause: error });
}
