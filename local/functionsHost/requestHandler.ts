import type { IncomingMessage, RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { adminApi } from './adminApi.ts';
import type { ProgrammingModel } from './coreTypes.ts';
import { corsHeaders, type CorsSettings, preflight } from './cors.ts';
import { foreignRequest } from './foreignRequest.ts';
import { homepage } from './homepage.ts';
import type { HttpFunction } from './httpFunctions.ts';
import { invoke } from './invocation.ts';
import { type Keys, mayCall, presentedKey } from './keys.ts';
import { type WriteLog, writeLog } from './log.ts';
import { type Reply, sendReply } from './reply.ts';
import { decodePath } from './requestPath.ts';
import { noRoute, requestLine } from './requestLine.ts';
import { matchRoute, type RouteMatch } from './routes.ts';
import { fromRpcHttpResponse } from './rpcHttpResponse.ts';
import { toRpcHttpRequest } from './rpcHttpRequest.ts';

const MAX_BODY_BYTES = 104_857_600;

/** Sees every request and what the functions log about it. */
export interface RequestObserver {
  onLog(message: string): void;
  /** The path is without the query, which can hold a key. */
  onReply(method: string, path: string, reply: Reply, durationMs: number): void;
}

/** What the request handler serves. */
export interface RequestHandlerOptions {
  programmingModel: ProgrammingModel;
  functions: readonly HttpFunction[];
  /** Absent when keys are not checked. */
  keys?: Keys | undefined;
  cors: CorsSettings;
  compactLog: boolean;
  homepageDisabled: boolean;
  observer?: RequestObserver | undefined;
}

/** Serves the host's own paths and the functions. */
export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { programmingModel, functions, keys, cors, compactLog, homepageDisabled, observer } = options;
  const log: WriteLog = (level, message) => {
    observer?.onLog(message);
    // A line for each request replaces what functions log about their work; what went wrong stays.
    if (!compactLog || level === 'error' || level === 'critical') writeLog(level, message);
  };

  return (request, response) => {
    const started = performance.now();
    void reply(request)
      .catch((error: unknown): Reply => {
        if (request.destroyed && !request.complete) {
          return { status: 400, reason: 'the client closed the connection before its body arrived' };
        }
        logError(error);
        return { status: 500 };
      })
      .then((result) => {
        const { headers, ...rest } = result;
        sendReply(response, { ...rest, headers: { ...headers, ...corsHeaders(request, cors) } });
        const { method = '', url = '' } = request;
        const [path = ''] = url.split('?');
        const durationMs = performance.now() - started;
        observer?.onReply(method, path, result, durationMs);
        if (!compactLog && result.reason === undefined) return;
        writeLog('information', requestLine(method, path, result, durationMs));
      })
      .catch((error: unknown) => {
        logError(error);
        if (response.headersSent) response.destroy();
        else sendReply(response, { status: 500 });
      });
  };

  async function reply(request: IncomingMessage): Promise<Reply> {
    const { method = 'GET', url: target = '/' } = request;
    const preflightReply = preflight(request, cors);
    if (preflightReply) return preflightReply;
    const foreign = foreignRequest(request, cors);
    if (foreign !== undefined) return { status: 403, reason: foreign, body: `${foreign}\n` };

    const path = decodePath(target);
    const base = `http://${request.headers.host ?? 'localhost'}`;
    if (path === undefined || !URL.canParse(base + target)) {
      return { status: 400, reason: 'the path is not valid' };
    }
    const url = new URL(base + target);
    const key = presentedKey(request.headers, url.searchParams);

    const adminReply = adminApi(method, path, key, keys);
    if (adminReply) return adminReply;
    const match = matchRoute(functions, method, target);
    if (!match) {
      return path === '/' ? homepage(homepageDisabled) : { status: 404, reason: noRoute(functions) };
    }
    if (keys && !mayCall(match.function.authLevel, key, keys)) {
      const reason = `the function key is ${key === '' ? 'missing' : 'wrong'}. Send it in the header x-functions-key`;
      return { status: 401, reason };
    }
    return call(request, url, match);
  }

  async function call(request: IncomingMessage, url: URL, match: RouteMatch<HttpFunction>): Promise<Reply> {
    // The Functions host passes on no chunked body, so a missing length counts as 0.
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > MAX_BODY_BYTES) return { status: 413 };
    const body = length > 0 ? await buffer(request) : undefined;
    const rpcRequest = toRpcHttpRequest(request, url, match.params, body);
    return fromRpcHttpResponse(await invoke(programmingModel, match.function, rpcRequest, log));
  }
}

function logError(error: unknown): void {
  writeLog('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
