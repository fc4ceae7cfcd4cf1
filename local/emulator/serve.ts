import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, Faults } from './faults.ts';

/** One received request. */
export interface Exchange {
  method: string;
  /** The raw request target: path and query as sent, nothing decoded. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whether it came over TLS. */
  secure: boolean;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON; nothing is sent when absent. */
  body?: unknown;
}

/** What a request asks for, named, with the work still to be done. */
export interface Operation {
  name: string;
  answer(): Answer | Promise<Answer>;
}

/** An Azure service's HTTP interface. */
export interface Protocol {
  route(exchange: Exchange): Operation;
  /** An error in the service's own shape. */
  error(status: number, code: string, message: string): Answer;
}

/** How many requests of each operation arrived. */
export class Seen {
  #counts = new Map<string, number>();

  add(operation: string): void {
    this.#counts.set(operation, this.count(operation) + 1);
  }

  count(operation: string): number {
    return this.#counts.get(operation) ?? 0;
  }

  reset(): void {
    this.#counts.clear();
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** Serves a protocol, counting its operations and letting armed faults strike. */
export function serve(protocol: Protocol, faults: Faults, seen: Seen): RequestListener {
  return (request, response) => {
    exchange(protocol, faults, seen, request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      console.error(error);
      response.writeHead(500).end();
    });
  };
}

async function exchange(
  protocol: Protocol,
  faults: Faults,
  seen: Seen,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const operation = protocol.route({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    body: await buffer(request),
    secure: 'encrypted' in request.socket,
  });
  seen.add(operation.name);
  const fault = faults.take(operation.name);

  if (fault?.at === 'request' && !(await survives(fault, response, gone.signal))) return;
  if (fault?.at === 'request' && fault.status !== undefined) {
    send(response, failure(protocol, fault, fault.status));
    return;
  }
  const answer = await operation.answer();
  if (fault?.at === 'answer' && !(await survives(fault, response, gone.signal))) return;
  if (fault?.at === 'answer' && fault.status !== undefined) {
    send(response, failure(protocol, fault, fault.status));
    return;
  }
  send(response, answer, fault?.halfBody);
}

/** Whether there is still a connection to answer on after the fault's delay and drop. */
async function survives(fault: Fault, response: ServerResponse, gone: AbortSignal): Promise<boolean> {
  await wait(fault.delayMs, undefined, { signal: gone }).catch(() => undefined);
  if (fault.drop) response.destroy();
  return !response.destroyed;
}

function failure(protocol: Protocol, fault: Fault, status: number): Answer {
  const answer = protocol.error(status, fault.code ?? 'InjectedFault', fault.message ?? 'An injected fault.');
  const retryAfter = fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter };
  return { ...answer, headers: { ...answer.headers, ...retryAfter } };
}

function send(response: ServerResponse, answer: Answer, half = false): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(text === '' ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    ...(answer.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(text) }),
    ...answer.headers,
  });
  if (!half) {
    response.end(text);
    return;
  }
  response.write(text.slice(0, text.length / 2), () => {
    response.destroy();
  });
}
