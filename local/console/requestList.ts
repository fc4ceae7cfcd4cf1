import type { RequestObserver } from '../functionsHost/requestHandler.ts';
import type { Reply } from '../functionsHost/reply.ts';
import { explain, problemIn } from '../functionsHost/requestLine.ts';
import type { AnsweredRequest } from './answeredRequest.ts';

const MAX_REQUESTS = 200;

/** The latest requests of the host. */
export class RequestList implements RequestObserver {
  #requests: AnsweredRequest[] = [];
  #count = 0;
  /** By request id, between the log event of a request and its reply. */
  #upstreamCalls = new Map<string, number>();

  onLog(message: string): void {
    if (!message.startsWith('{"event":"request"')) return;
    const { requestId, upstreamCalls } = JSON.parse(message) as { requestId: string; upstreamCalls: number };
    this.#upstreamCalls.set(requestId, upstreamCalls);
  }

  onReply(method: string, path: string, reply: Reply, durationMs: number): void {
    this.#count += 1;
    const requestId = Object.entries(reply.headers ?? {}).find(([name]) => /^x-request-id$/i.test(name))?.[1];
    const problem = problemIn(reply);
    this.#requests.push({
      number: this.#count,
      time: new Date().toISOString(),
      method,
      path,
      status: reply.status,
      durationMs: Math.round(durationMs),
      code: problem?.code,
      detail: reply.reason ?? (problem && explain(problem)),
      requestId,
      upstreamCalls: this.#upstreamCalls.get(requestId ?? ''),
    });
    this.#upstreamCalls.delete(requestId ?? '');
    this.#requests.splice(0, this.#requests.length - MAX_REQUESTS);
  }

  /** The requests with a higher number, oldest first. */
  after(number: number): { requests: AnsweredRequest[] } {
    return { requests: this.#requests.filter((request) => request.number > number) };
  }
}
