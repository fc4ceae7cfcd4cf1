import { randomUUID } from 'node:crypto';
import { type HttpHandler, HttpResponse, InvocationContext, type TraceContext } from '@azure/functions';
import { registerFunctions } from '../../../functions/register.ts';
import { endpoint } from '../../../shared/http/endpoint.ts';
import type { App } from '../../../shared/app.ts';
import { request } from './request.ts';

/** What the host sees of one invocation. */
export interface Outcome {
  invocationId: string;
  status: number;
  headers: Headers;
  text: string;
  /** Level and line. */
  logs: [string, string][];
}

export async function invoke(
  handler: HttpHandler,
  from = request(),
  traceContext: TraceContext = {},
): Promise<Outcome> {
  const invocationId = randomUUID();
  const logs: Outcome['logs'] = [];
  const logHandler = (level: string, ...lines: unknown[]) => {
    logs.push([level, lines.map(String).join(' ')]);
  };
  const answer = await handler(
    from,
    new InvocationContext({ invocationId, functionName: 'test', logHandler, traceContext }),
  );
  const response = new HttpResponse(answer);
  return {
    invocationId,
    status: response.status,
    headers: response.headers,
    text: await response.text(),
    logs,
  };
}

/** The handlers that an app registers, by name. */
export function handlersOf(app: App): (name: string) => HttpHandler {
  const handlers = new Map<string, HttpHandler>();
  registerFunctions({ http: (name, { handler }) => void handlers.set(name, handler) }, app);
  return (name) => {
    const handler = handlers.get(name);
    if (handler === undefined) throw new Error(`There is no function ${name}.`);
    return handler;
  };
}

/** A handler that throws the error. */
export function failing(app: App, error: unknown): HttpHandler {
  return endpoint(app, 'failing', () => {
    throw error;
  });
}
