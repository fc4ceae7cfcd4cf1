import { type RouteConstraint, routeConstraint } from './routeConstraints.ts';

export interface RouteParameter {
  name: string;
  constraints: RouteConstraint[];
  optional: boolean;
  catchAll: boolean;
  defaultValue?: string | undefined;
}

type RoutePart = string | RouteParameter;

/** What stands between two slashes: text, a parameter, or several of both. */
export interface RouteSegment {
  parts: readonly RoutePart[];
  /** Captures the value of each parameter, in order. */
  pattern: RegExp;
}

/** Reads an ASP.NET route template. Throws when it is malformed or names an unknown constraint. */
export function parseRouteTemplate(template: string): RouteSegment[] {
  const segments = splitTemplate(template.replace(/^\/|\/$/g, ''));
  const catchAll = segments.findIndex(({ parts }) =>
    parts.some((part) => typeof part !== 'string' && part.catchAll),
  );
  if (catchAll !== -1 && catchAll !== segments.length - 1) {
    throw new Error(`The route '${template}' has a catch-all parameter that is not its last segment.`);
  }
  return segments;
}

// A constraint may hold slashes and, doubled, braces: {code:regex(^\d{{3}}/x$)}.
const token = /\{((?:\{\{|\}\}|[^{}])+)\}(?!\})|(\/)|([^{}/]+)/gy;

function splitTemplate(template: string): RouteSegment[] {
  if (template === '') return [];
  let parts: RoutePart[] = [];
  const segments = [parts];
  let end = 0;
  for (const [text, parameter, slash] of template.matchAll(token)) {
    end += text.length;
    if (slash !== undefined) segments.push((parts = []));
    else if (parameter !== undefined) parts.push(parseParameter(parameter.replace(/([{}])\1/g, '$1')));
    else parts.push(text);
  }
  if (end !== template.length || segments.some((segment) => segment.length === 0)) {
    throw new Error(`The route '${template}' is malformed.`);
  }
  return segments.map((segment) => ({ parts: segment, pattern: segmentPattern(segment) }));
}

function segmentPattern(parts: readonly RoutePart[]): RegExp {
  const sources = parts.map((part) =>
    typeof part === 'string' ? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : '(.+)',
  );
  return new RegExp(`^${sources.join('')}$`, 'is');
}

const constraint = /:([a-z]+)(?:\((.*?)\)(?=$|[:=?]))?/giy;

function parseParameter(text: string): RouteParameter {
  const [, stars = '', name = '', rest = ''] = /^(\*{0,2})([^:=?*/]+)(.*)$/s.exec(text) ?? [];
  const constraints = [...rest.matchAll(constraint)].map(([, kind = '', argument = '']) => {
    const found = routeConstraint(kind, argument);
    if (found === undefined) throw new Error(`The route constraint '${kind}' of '{${text}}' is unknown.`);
    return found;
  });
  const tail = /^(?:=(.*)|(\?))?$/s.exec(rest.replace(constraint, ''));
  if (name === '' || tail === null) throw new Error(`The route parameter '{${text}}' is malformed.`);
  return { name, constraints, catchAll: stars !== '', optional: tail[2] === '?', defaultValue: tail[1] };
}
