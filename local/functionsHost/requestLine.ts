import type { HttpFunction } from './httpFunctions.ts';
import type { Reply } from './reply.ts';

/** What happened to a request, for one line of the log. The query is left out: it can hold a key. */
export function requestLine(method: string, path: string, reply: Reply, durationMs: number): string {
  const why = reply.reason ?? problemIn(reply);
  return `${method} ${path} ${reply.status} ${Math.round(durationMs)} ms${why === undefined ? '' : ` – ${why}`}`.replace(
    /[^\x20-\x7e–…]+/g,
    ' ',
  );
}

/** Why a request matched no function. */
export function noRoute(functions: readonly HttpFunction[]): string {
  const routes = functions.map(({ methods, route }) => `${methods.join('/')} /${route}`);
  return `no function has this route and method. Routes: ${routes.join(', ')}`;
}

/** The code of a problem, and what it says about the request. */
function problemIn({ headers, body }: Reply): string | undefined {
  if (!headers?.['content-type']?.startsWith('application/problem+json') || body === undefined)
    return undefined;
  const { code, detail, errors } = JSON.parse(Buffer.from(body).toString()) as {
    code: string;
    detail: string;
    errors?: { path: string; message: string }[];
  };
  const fields = errors?.map(({ path, message }) => `${path} ${message}`);
  return `${code}: ${fields?.join('; ') ?? detail}`;
}
