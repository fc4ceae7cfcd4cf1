import type { IncomingMessage } from 'node:http';
import type { RpcHttpRequest, RpcNullable } from './coreTypes.ts';

/** The request as the host hands it to the worker. */
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

/** ASP.NET takes query keys that differ in case for one, under the first spelling. */
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
