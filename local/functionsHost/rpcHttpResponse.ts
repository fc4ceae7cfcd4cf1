import type { RpcHttpResponse } from './coreTypes.ts';
import type { Reply } from './reply.ts';

/** Converts what the worker returns. A function that returns nothing gives 204, as in Azure. */
export function fromRpcHttpResponse(http: RpcHttpResponse | null | undefined): Reply {
  if (http === null || http === undefined) return { status: 204 };
  if (http.cookies?.length) throw new Error('The response sets cookies, which this host does not support.');
  const headers = new Map(Object.entries(http.headers ?? {}));
  // The whole body is known here, so the host sets its length and framing.
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return {
    status: Number(http.statusCode ?? 200),
    headers: Object.fromEntries(headers),
    body: http.body?.bytes ?? http.body?.string ?? '',
  };
}
