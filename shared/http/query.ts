import type { HttpRequest } from '@azure/functions';
import type { FieldError } from '../errors.ts';

const FIELDS = ['scope', 'expiresInMinutes'];
/** Read by the Functions host and by API Management. */
const INFRASTRUCTURE = ['code', 'clientId', 'subscription-key'];

/** The fields of the query, in the shape of the body. */
export function readQuery(query: URLSearchParams): Record<string, unknown> {
  const scope = query.getAll('scope');
  const expiry = query.getAll('expiresInMinutes');
  return {
    ...(scope.length > 0 && {
      scopes: scope.flatMap((list) => list.split(/[\s,]/)).filter((name) => name !== ''),
    }),
    ...(expiry.length > 0 && {
      expiresInMinutes: /^-?\d{1,9}$/.test(expiry.join()) ? Number(expiry.join()) : NaN,
    }),
  };
}

/**
 * The parameters that mean nothing to the request. Ignoring a misspelt one would grant the defaults, which can be
 * more than it asked for. The host merges names that differ in case, so the URL is checked too.
 */
export function unknownParameters({ query, url }: HttpRequest, fields = FIELDS): FieldError[] {
  if (query.size === 0 && !url.includes('?')) return [];
  const names = new Set([...query.keys(), ...new URL(url).searchParams.keys()]);
  return [...names]
    .filter((name) => !fields.includes(name) && !INFRASTRUCTURE.includes(name))
    .map((name) => {
      const known = [...fields, ...INFRASTRUCTURE].find((field) => resembles(name, field));
      const hint = known === undefined ? '' : `: use ${known}`;
      return { path: name, message: `is not a known parameter${hint}` };
    });
}

/** `Scope`, `scopes` and `scope[]` resemble `scope`. */
function resembles(name: string, field: string): boolean {
  return name.toLowerCase().replace(/s?(\[.*)?$/, '') === field.toLowerCase().replace(/s$/, '');
}
