import type { HttpFunction } from './httpFunctions.ts';
import type { Reply } from './reply.ts';

/** What a problem response says. */
export interface Problem {
  code: string;
  detail: string;
  errors?: { path: string; message: string }[];
}

/** What happened to a request, for one line of the log. The query is left out: it can hold a key. */
export function requestLine(method: string, path: string, reply: Reply, durationMs: number): string {
  const problem = problemIn(reply);
  const why = reply.reason ?? (problem && `${problem.code}: ${explain(problem)}`);
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

/** The problem in a reply; undefined in any other reply. */
export function problemIn({ headers, body }: Reply): Problem | undefined {
  if (!headers?.['content-type']?.startsWith('application/problem+json') || body === undefined)
    return undefined;
  return JSON.parse(Buffer.from(body).toString()) as Problem;
}

/** What a problem says about the request: the fields that it names, or its detail. */
export function explain({ detail, errors }: Problem): string {
  return errors?.map(({ path, message }) => `${path} ${message}`).join('; ') ?? detail;
}
