import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Meter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { RequestResult, Telemetry } from './telemetry.ts';
import { formatTraceParent, parseTraceParent } from './traceParent.ts';

/** Responses that the service expects: no such user or row, and somebody else was first. */
const EXPECTED_STATUSES = [404, 409, 412];

/**
 * Records spans and metrics with the names of OpenTelemetry's semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/http/). Every value is a constant, a number, a host name or an id of
 * a request: nothing names a user.
 */
export function openTelemetry(tracer: Tracer, meter: Meter): Telemetry {
  const current = new AsyncLocalStorage<Context>();
  const tokens = meter.createCounter('token_service.tokens', {
    description: 'Access tokens issued to communication users, by scopes.',
    unit: '{token}',
  });
  const refusals = meter.createCounter('token_service.refusals', {
    description: 'Requests that ended in an error, by code.',
    unit: '{request}',
  });
  const upstreamDuration = meter.createHistogram('http.client.request.duration', {
    description: 'Duration of requests to Communication Services, Key Vault and the user table.',
    unit: 's',
  });

  const count = ({ outcome, scopes }: RequestResult) => {
    if (outcome !== 'ok') refusals.add(1, { 'error.type': outcome });
    else if (scopes !== undefined) tokens.add(1, { 'token_service.scopes': [...scopes].sort().join() });
  };

  return {
    async request({ name, invocationId, traceContext }, serve) {
      const parent = parseTraceParent(traceContext?.traceParent);
      const attributes = { 'faas.invocation_id': invocationId };
      // The host records the request itself, as the server. This span is what happens inside, and has no HTTP method:
      // Azure Monitor would take it for a request to a dependency.
      const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, parent);
      try {
        return await current.run(trace.setSpan(parent, span), () =>
          serve((result) => {
            span.setAttribute('http.response.status_code', result.status);
            if (result.outcome !== 'ok') span.setAttribute('error.type', result.outcome);
            if (result.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
            count(result);
          }),
        );
      } finally {
        span.end();
      }
    },

    async dependency(request, next, pathOf) {
      const { hostname, port, protocol } = new URL(request.url);
      const path = pathOf(request);
      const attributes: Attributes = {
        'http.request.method': request.method,
        'server.address': hostname,
        'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
        'url.template': path,
      };
      const span = tracer.startSpan(
        `${request.method} ${path}`,
        { kind: SpanKind.CLIENT, attributes },
        current.getStore() ?? ROOT_CONTEXT,
      );
      request.headers.set('traceparent', formatTraceParent(span.spanContext()));
      const started = performance.now();
      const result: Attributes = {};
      try {
        const response = await next(request);
        result['http.response.status_code'] = response.status;
        if (response.status >= 400) result['error.type'] = String(response.status);
        if (response.status >= 400 && !EXPECTED_STATUSES.includes(response.status)) {
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        return response;
      } catch (error) {
        result['error.type'] = errorType(error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.setAttributes(result);
        span.end();
        upstreamDuration.record((performance.now() - started) / 1000, { ...attributes, ...result });
      }
    },
  };
}

/** The code of an error, never its text: such as ECONNREFUSED. */
function errorType(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[A-Z_]{1,40}$/.test(code) ? code : '_OTHER';
}
