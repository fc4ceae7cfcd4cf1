import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, Faults } from './faults.ts';
import type { OperationCounts } from './operationCounts.ts';

/** A request to an emulator. */
export interface EmulatorRequest {
  method: string;
  /** The raw request target: path and query as sent, nothing decoded. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whether it arrived over TLS. */
  secure: boolean;
}

/** A response of an emulator. */
export interface EmulatorResponse {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON; without it the response has no body. */
  body?: unknown;
}

/** The operation that a request names. `run` does its work. */
export interface Operation {
  name: string;
  run(): EmulatorResponse | Promise<EmulatorResponse>;
}

/** The HTTP interface of an Azure service. */
export interface Protocol {
  /** The names of the operations. */
  operations: readonly string[];
  route(request: EmulatorRequest): Operation;
  /** An error in the format of the service. */
  error(status: number, code: string, message: string): EmulatorResponse;
}

/** Serves a protocol, counts its operations and injects faults. */
export function serve(protocol: Protocol, faults: Faults, requests: OperationCounts): RequestListener {
  return (request, response) => {
    handle(protocol, faults, requests, request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      console.error(error);
      response.writeHead(500).end();
    });
  };
}

async function handle(
  protocol: Protocol,
  faults: Faults,
  requests: OperationCounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const closed = new AbortController();
  response.once('close', () => {
    closed.abort();
  });
  const operation = protocol.route({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    body: await buffer(request),
    secure: 'encrypted' in request.socket,
  });
  requests.add(operation.name);
  const fault = faults.take(operation.name);

  /** Applies a fault of this point. Returns whether the request is over. */
  const inject = async (at: Fault['at']): Promise<boolean> => {
    if (fault?.at !== at) return false;
    await wait(fault.delayMs, undefined, { signal: closed.signal }).catch(() => undefined);
    if (fault.drop) response.destroy();
    if (response.destroyed) return true;
    if (fault.status === undefined) return false;
    send(response, faultResponse(protocol, fault, fault.status));
    return true;
  };

  if (await inject('request')) return;
  const result = await operation.run();
  if (await inject('response')) return;
  send(response, result, fault?.halfBody);
}

function faultResponse(protocol: Protocol, fault: Fault, status: number): EmulatorResponse {
  const { code = 'InjectedFault', message = 'An injected fault.', retryAfter } = fault;
  const response = protocol.error(status, code, message);
  const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
  return { ...response, headers: { ...response.headers, ...headers } };
}

function send(response: ServerResponse, { status, headers, body }: EmulatorResponse, half = false): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(text === '' ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    ...(status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }),
    ...headers,
  });
  if (!half) {
    response.end(text);
    return;
  }
  response.write(text.slice(0, text.length / 2), () => {
    response.destroy();
  });
}
