import { expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { formatTraceParent, parseTraceParent } from '../../../shared/telemetry/traceParent.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

test.each(['00', '01'])('reads and writes a traceparent with the flags %s', (flags) => {
  const traceParent = `00-${TRACE_ID}-${SPAN_ID}-${flags}`;

  const parent = trace.getSpanContext(parseTraceParent(traceParent));

  expect(parent).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID, isRemote: true });
  expect(parent && formatTraceParent(parent)).toBe(traceParent);
});

test.each([
  undefined,
  '',
  `00-${TRACE_ID}-${SPAN_ID}`,
  `00-${TRACE_ID}-${SPAN_ID}-01-private`,
  `private-00-${TRACE_ID}-${SPAN_ID}-01`,
  `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
  `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
  `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
])('starts a new trace for %j', (traceParent) => {
  expect(trace.getSpanContext(parseTraceParent(traceParent))).toBeUndefined();
});
