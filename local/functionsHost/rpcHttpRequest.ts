import type { IncomingMessage } from 'node:http';
import type { RpcHttpRequest, RpcNullable } from './coreTypes.ts';

/** Converts a request to the format that the host sends to the worker. */
export function toRpcHttpRequest(
  request: IncomingMessage,
  url: URL,
  params: Record<string, string>,
  body: Buffer | undefined,
): RpcHttpRequest {
  return {
    url: url.href,
    method: request.method ?? 'GET',
    nullableHeaders: nullable(
      Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
    ),
    nullableQuery: nullable(joinedQuery(url.searchParams)),
    nullableParams: nullable(Object.entries(params)),
    ...(body !== undefined && { body: { bytes: body } }),
  };
}

/** ASP.NET treats query keys that differ only in case as one key with the first spelling. */
function joinedQuery(query: URLSearchParams): Iterable<[string, string]> {
  const byKey = new Map<string, [string, string]>();
  for (const [key, value] of query) {
    const [name, before] = byKey.get(key.toLowerCase()) ?? [key];
    byKey.set(key.toLowerCase(), [name, before === undefined ? value : `${before},${value}`]);
  }
  return byKey.values();
}

function nullable(entries: Iterable<[string, string]>): Record<string, RpcNullable<string>> {
  return Object.fromEntries([...entries].map(([name, value]) => [name, { value }]));
}
