import type { IncomingMessage, RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { adminApi } from './adminApi.ts';
import type { ProgrammingModel } from './coreTypes.ts';
import { corsHeaders, type CorsSettings, preflight } from './cors.ts';
import { homepage } from './homepage.ts';
import type { HttpFunction } from './httpFunctions.ts';
import { invoke } from './invocation.ts';
import { type Keys, mayCall, presentedKey } from './keys.ts';
import { writeLog } from './log.ts';
import { type Reply, sendReply } from './reply.ts';
import { decodePath } from './requestPath.ts';
import { matchRoute, type RouteMatch } from './routes.ts';
import { fromRpcHttpResponse } from './rpcHttpResponse.ts';
import { toRpcHttpRequest } from './rpcHttpRequest.ts';

const MAX_BODY_BYTES = 104_857_600;

/** What the request handler serves. */
export interface RequestHandlerOptions {
  programmingModel: ProgrammingModel;
  functions: readonly HttpFunction[];
  /** Absent when keys are not checked. */
  keys?: Keys | undefined;
  cors?: CorsSettings | undefined;
  homepageDisabled: boolean;
}

/** Serves the host's own paths and the functions. */
export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { programmingModel, functions, keys, cors, homepageDisabled } = options;

  return (request, response) => {
    void reply(request)
      .catch((error: unknown): Reply => {
        const clientLeft = request.destroyed && !request.complete;
        if (!clientLeft) logError(error);
        return { status: 500 };
      })
      .then(({ headers, ...rest }) => {
        sendReply(response, { ...rest, headers: { ...headers, ...(cors && corsHeaders(request, cors)) } });
      })
      .catch((error: unknown) => {
        logError(error);
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
    const match = matchRoute(functions, method, target);
    if (!match) return path === '/' ? homepage(homepageDisabled) : { status: 404 };
    if (keys && !mayCall(match.function.authLevel, key, keys)) return { status: 401 };
    return call(request, url, match);
  }

  async function call(request: IncomingMessage, url: URL, match: RouteMatch<HttpFunction>): Promise<Reply> {
    // The Functions host passes on no chunked body, so a missing length counts as 0.
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > MAX_BODY_BYTES) return { status: 413 };
    const body = length > 0 ? await buffer(request) : undefined;
    const rpcRequest = toRpcHttpRequest(request, url, match.params, body);
    return fromRpcHttpResponse(await invoke(programmingModel, match.function, rpcRequest));
  }
}

function logError(error: unknown): void {
  writeLog('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
