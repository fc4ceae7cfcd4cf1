import { decodePath } from './requestPath.ts';

/** What the router needs to know about a function. */
export interface Routed {
  /** In upper case. */
  methods: readonly string[];
  /** The route with its prefix, e.g. `api/users/{userId}`. */
  route: string;
}

/** The function for a request and its route values. */
export interface RouteMatch<Function> {
  function: Function;
  params: Record<string, string>;
}

const supportedSegment = /^(?:\{\w+\}|[^{}*?]+)$/;

/** Whether the route has literal segments and `{name}` segments only. The router understands no others. */
export function isSupportedRoute(route: string): boolean {
  return route.split('/').every((segment) => supportedSegment.test(segment));
}

/**
 * Finds the function for a request as the Functions host does: a wrong method finds nothing, HEAD does not match
 * GET, and a literal segment wins over a parameter. `target` is the request target as received; the values in
 * `params` are decoded, except `%2F`.
 */
export function matchRoute<Function extends Routed>(
  functions: readonly Function[],
  method: string,
  target: string,
): RouteMatch<Function> | undefined {
  const path = decodePath(target)?.replace(/^\/|\/$/g, '');
  if (path === undefined) return undefined;
  const matches = functions.flatMap((candidate): RouteMatch<Function>[] => {
    const params = matchSegments(candidate.route.split('/'), path.split('/'));
    const matched = params !== undefined && candidate.methods.includes(method);
    return matched ? [{ function: candidate, params }] : [];
  });
  return matches.sort((one, other) => precedence(one).localeCompare(precedence(other)))[0];
}

function matchSegments(template: string[], segments: string[]): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of template.entries()) {
    const actual = segments[index] ?? '';
    const name = parameterName(expected);
    if (name === undefined ? actual.toLowerCase() !== expected.toLowerCase() : actual === '')
      return undefined;
    if (name !== undefined) params[name] = actual;
  }
  return params;
}

/** `0` for a literal and `1` for a parameter, so that literals sort first. */
function precedence({ function: { route } }: RouteMatch<Routed>): string {
  return route
    .split('/')
    .map((segment) => (parameterName(segment) === undefined ? '0' : '1'))
    .join('');
}

function parameterName(segment: string): string | undefined {
  return /^\{(\w+)\}$/.exec(segment)?.[1];
}
