import type { IncomingMessage, RequestListener } from 'node:http';
import { adminApi } from './adminApi.ts';
import { corsHeaders, type CorsSettings, preflight } from './cors.ts';
import { homepage } from './homepage.ts';
import type { HttpFunction } from './httpFunctions.ts';
import { invoke } from './invocation.ts';
import { type Keys, mayCall, presentedKey } from './keys.ts';
import { type Reply, sendReply } from './reply.ts';
import { bodyLength, readBody } from './requestBody.ts';
import { decodePath } from './requestPath.ts';
import { createRouter, type RouteMatch } from './routes.ts';
import { fromRpcHttpResponse } from './rpcHttpResponse.ts';
import { toRpcHttpRequest } from './rpcHttpRequest.ts';
import type { Worker } from './worker.ts';

export interface RequestHandlerOptions {
  worker: Worker;
  functions: readonly HttpFunction[];
  /** Absent when keys are not checked. */
  keys?: Keys | undefined;
  cors?: CorsSettings | undefined;
  bodyLimit: number;
  homepageDisabled: boolean;
}

export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { worker, functions, keys, cors } = options;
  const findRoute = createRouter(functions);

  return (request, response) => {
    void reply(request)
      .catch((error: unknown): Reply => {
        const clientLeft = request.destroyed && !request.complete;
        if (!clientLeft) logError(worker, error);
        return { status: 500 };
      })
      .then(({ headers, ...answer }) => {
        sendReply(response, { ...answer, headers: { ...headers, ...(cors && corsHeaders(request, cors)) } });
      })
      .catch((error: unknown) => {
        logError(worker, error);
        if (response.headersSent) response.destroy();
        else sendReply(response, { status: 500 });
      });
  };

  async function reply(request: IncomingMessage): Promise<Reply> {
    const { method = 'GET', url: target = '/' } = request;
    const preflightReply = cors && preflight(request, cors);
    if (preflightReply) return preflightReply;

    const path = decodePath(target);
    const base = `http://${request.headers.host ?? 'localhost'}`;
    if (path === undefined || !URL.canParse(base + target)) return { status: 400 };
    const url = new URL(base + target);
    const key = presentedKey(request.headers, url.searchParams);

    const adminReply = adminApi(method, path, key, keys);
    if (adminReply) return adminReply;
    const match = findRoute(method, target);
    if (!match) return path === '/' ? homepage(options.homepageDisabled) : { status: 404 };
    if (keys && !mayCall(match.function.authLevel, key, keys)) return { status: 401 };
    return call(request, url, match);
  }

  async function call(request: IncomingMessage, url: URL, match: RouteMatch<HttpFunction>): Promise<Reply> {
    // Node discards what is left of the body once the answer is sent.
    if (bodyLength(request) > options.bodyLimit) return { status: 413 };
    const body = await readBody(request);
    const rpcRequest = toRpcHttpRequest(request, url, match.params, body);
    return fromRpcHttpResponse(await invoke(worker, match.function, rpcRequest));
  }
}

function logError(worker: Worker, error: unknown): void {
  worker.log('error', 'system', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
