import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from '../../../shared/telemetry/openTelemetry.ts';
import type { Telemetry } from '../../../shared/telemetry/telemetry.ts';

interface RecordedSpan extends Pick<
  ReadableSpan,
  'name' | 'kind' | 'attributes' | 'status' | 'events' | 'links'
> {
  traceId: string;
  id: string;
  parentId: string | undefined;
  traceState: string | undefined;
  resource: object;
}

/** A value of a metric, and the dimensions that it belongs to. */
type Point = DataPoint<number | Histogram>;

/** Telemetry that a test can read. */
export interface InMemoryTelemetry {
  telemetry: Telemetry;
  /** The spans since the last reset, in the order in which they started. */
  spans: () => RecordedSpan[];
  /** What a metric has counted since the last reset. */
  points: (metric: string) => Promise<Pick<Point, 'attributes' | 'value'>[]>;
  /** Everything that was exported since the last reset, as text. */
  text: () => Promise<string>;
  reset: () => Promise<void>;
}

export function inMemoryTelemetry(): InMemoryTelemetry {
  const spanExporter = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 2 ** 30,
  });
  const meters = new MeterProvider({ readers: [reader] });
  const spans = () =>
    spanExporter
      .getFinishedSpans()
      .toSorted((one, other) => startOf(one) - startOf(other))
      .map(recordedSpan);
  return {
    spans,
    telemetry: openTelemetry(tracers.getTracer('test'), meters.getMeter('test')),
    async points(metric) {
      await reader.forceFlush();
      return metricExporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap((scope) => scope.metrics)
        .filter(({ descriptor }) => descriptor.name === metric)
        .flatMap(({ dataPoints }): Point[] => dataPoints as Point[])
        .map(({ attributes, value }) => ({ attributes, value }));
    },
    async text() {
      await reader.forceFlush();
      return JSON.stringify({ spans: spans(), metrics: metricExporter.getMetrics() });
    },
    async reset() {
      await reader.forceFlush();
      spanExporter.reset();
      metricExporter.reset();
    },
  };
}

function recordedSpan(span: ReadableSpan): RecordedSpan {
  const { name, kind, attributes, status, events, links, parentSpanContext, resource } = span;
  const { traceId, spanId, traceState } = span.spanContext();
  return {
    ...{ name, kind, attributes, status, events, links, traceId },
    id: spanId,
    parentId: parentSpanContext?.spanId,
    traceState: traceState?.serialize(),
    resource: resource.attributes,
  };
}

/** In nanoseconds since the process started. */
function startOf({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return (seconds - performance.timeOrigin / 1000) * 1e9 + nanoseconds;
}
