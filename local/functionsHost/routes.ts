import { decodePath } from './requestPath.ts';
import { parseRouteTemplate, type RouteParameter, type RouteSegment } from './routeTemplate.ts';

export interface Routed {
  /** In upper case; empty means any. */
  methods: readonly string[];
  /** The template with its prefix, e.g. `api/users/{userId}`. */
  route: string;
}

export interface RouteMatch<Function> {
  function: Function;
  params: Record<string, string>;
}

/**
 * Finds the function a request is for, as the Functions host does: the method is part of the match, so a
 * wrong one finds nothing, and HEAD does not stand in for GET. `rawPath` is the request target as received;
 * the values in `params` are decoded, all but `%2F`.
 */
export function matchRoute<Function extends Routed>(
  functions: readonly Function[],
  method: string,
  rawPath: string,
): RouteMatch<Function> | undefined {
  return createRouter(functions)(method, rawPath);
}

/** {@link matchRoute} for many requests: the templates are read and put in order once. */
export function createRouter<Function extends Routed>(
  functions: readonly Function[],
): (method: string, rawPath: string) => RouteMatch<Function> | undefined {
  const routes = functions
    .map((routed) => ({ routed, segments: parseRouteTemplate(routed.route) }))
    .sort((one, other) => byPrecedence(one.segments, other.segments));

  return (method, rawPath) => {
    const path = decodePath(rawPath)?.replace(/^\/|\/$/g, '');
    if (path === undefined) return undefined;
    const texts = path === '' ? [] : path.split('/');
    for (const { routed, segments } of routes) {
      if (routed.methods.length > 0 && !routed.methods.includes(method.toUpperCase())) continue;
      const params = matchSegments(segments, texts);
      if (params !== undefined) return { function: routed, params };
    }
    return undefined;
  };
}

/** Literals before parameters, more constraints before fewer, longer before shorter: WebJobsRouteBuilder. */
function byPrecedence(one: readonly RouteSegment[], other: readonly RouteSegment[]): number {
  for (const [index, segment] of one.entries()) {
    const [first] = segment.parts;
    const second = other[index]?.parts[0];
    if (second === undefined || first === undefined) return -1;
    if (typeof first === 'string' && typeof second === 'string') {
      const order = first.toLowerCase().localeCompare(second.toLowerCase());
      if (order !== 0) return order;
    } else if (typeof first === 'string' || typeof second === 'string') {
      return typeof first === 'string' ? -1 : 1;
    } else if (first.constraints.length !== second.constraints.length) {
      return second.constraints.length - first.constraints.length;
    }
  }
  return other.length - one.length;
}

function matchSegments(
  segments: readonly RouteSegment[],
  texts: string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const [first] = segment.parts;
    const isCatchAll = typeof first === 'object' && first.catchAll;
    const text = isCatchAll ? texts.slice(index).join('/') : (texts[index] ?? '');
    const values = text === '' ? absentValue(segment) : matchSegment(segment, text);
    if (values === undefined) return undefined;
    for (const [parameter, value] of values) {
      if (!parameter.constraints.every((allows) => allows(value))) return undefined;
      params[parameter.name] = value;
    }
    if (isCatchAll) return params;
  }
  return texts.length > segments.length ? undefined : params;
}

function absentValue({ parts }: RouteSegment): [RouteParameter, string][] | undefined {
  const [parameter] = parts;
  if (parts.length !== 1 || typeof parameter !== 'object') return undefined;
  if (parameter.defaultValue !== undefined) return [[parameter, parameter.defaultValue]];
  return parameter.optional || parameter.catchAll ? [] : undefined;
}

function matchSegment(
  { parts, pattern }: RouteSegment,
  text: string,
): [RouteParameter, string][] | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const parameters = parts.filter((part) => typeof part === 'object');
  return parameters.map((parameter, index) => [parameter, match[index + 1] ?? '']);
}
