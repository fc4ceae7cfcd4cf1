import { randomBytes } from 'node:crypto';
import type { RpcHttpRequest, RpcTraceContext } from './coreTypes.ts';

/**
 * The trace that a function runs in: that of the request's `traceparent`, or a new one. The host is a participant of
 * its own, so the span id is new. .NET leaves a trace of its own unsampled when nobody listens, hence the flags 00.
 */
export function traceContextOf({ nullableHeaders }: RpcHttpRequest): RpcTraceContext {
  const [, traceId, flags] =
    /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/.exec(
      nullableHeaders['traceparent']?.value ?? '',
    ) ?? [];
  return {
    traceParent: `00-${traceId ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags ?? '00'}`,
    traceState: traceId === undefined ? '' : (nullableHeaders['tracestate']?.value ?? ''),
    attributes: {},
  };
}
