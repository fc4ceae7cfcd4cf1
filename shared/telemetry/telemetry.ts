import type { PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline';
import type { TraceContext } from '@azure/functions';

/** A request as it arrives. */
export interface RequestStart {
  /** The function's name. */
  name: string;
  invocationId: string;
  /** The trace of the Functions host, which continues that of the caller. */
  traceContext: TraceContext | undefined;
}

/** A request as it is logged. Everything else in its log event stays out of the telemetry. */
export interface RequestResult {
  status: number;
  /** `ok`, or the error's code. */
  outcome: string;
  scopes?: readonly string[] | undefined;
}

/** What the service records beside its log: traces and metrics. */
export interface Telemetry {
  /** Runs a request in a span. `serve` reports the result. */
  request<T>(start: RequestStart, serve: (report: (result: RequestResult) => void) => Promise<T>): Promise<T>;
  /**
   * Sends an HTTP request to a dependency in a span, and passes the trace on. `pathOf` gives its path without
   * values, such as `/identities/{id}`: paths hold ids of users.
   */
  dependency(
    request: PipelineRequest,
    next: SendRequest,
    pathOf: (request: PipelineRequest) => string,
  ): Promise<PipelineResponse>;
}

export const noTelemetry: Telemetry = {
  request: (_start, serve) => serve(() => undefined),
  dependency: (request, next) => next(request),
};

/** Telemetry that is still loading. Requests wait for it. Nothing is recorded when it cannot be loaded. */
export function whenLoaded(loading: Promise<Telemetry>, logError: (line: string) => void): Telemetry {
  const loaded = loading.catch(() => {
    logError(
      'Telemetry is off: Azure Monitor could not be loaded. Check APPLICATIONINSIGHTS_CONNECTION_STRING.',
    );
    return noTelemetry;
  });
  return {
    request: async (...args) => (await loaded).request(...args),
    dependency: async (...args) => (await loaded).dependency(...args),
  };
}
