import { randomUUID } from 'node:crypto';
import { type HttpHandler, HttpResponse, InvocationContext } from '@azure/functions';
import { registerFunctions } from '../../../functions/register.ts';
import { endpoint } from '../../../shared/http/endpoint.ts';
import type { App } from '../../../shared/app.ts';
import { request } from './request.ts';

/** One invocation as the host would see it. */
export interface Outcome {
  invocationId: string;
  status: number;
  headers: Headers;
  text: string;
  /** Level and line. */
  logs: [string, string][];
}

export async function invoke(handler: HttpHandler, from = request()): Promise<Outcome> {
  const invocationId = randomUUID();
  const logs: Outcome['logs'] = [];
  const logHandler = (level: string, ...lines: unknown[]) => {
    logs.push([level, lines.map(String).join(' ')]);
  };
  const answer = await handler(
    from,
    new InvocationContext({ invocationId, functionName: 'test', logHandler }),
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

/** The handlers that a service registers, to be had by name. */
export function handlersOf(service: App): (name: string) => HttpHandler {
  const handlers = new Map<string, HttpHandler>();
  registerFunctions({ http: (name, { handler }) => void handlers.set(name, handler) }, service);
  return (name) => {
    const handler = handlers.get(name);
    if (handler === undefined) throw new Error(`There is no function ${name}.`);
    return handler;
  };
}

/** A handler that fails in this way. */
export function failing(service: App, error: unknown): HttpHandler {
  return endpoint(service, 'failing', () => {
    throw error;
  });
}
