import { useAzureMonitor } from '@azure/monitor-opentelemetry';
import type { TokenCredential } from '@azure/core-auth';
import { metrics, trace } from '@opentelemetry/api';
import { openTelemetry } from './openTelemetry.ts';
import type { Telemetry } from './telemetry.ts';

const NAME = 'acs-token-service';
const off = { enabled: false };

/**
 * Sends spans and metrics to Application Insights, and nothing else: the Functions host sends the log, the requests
 * and the counters of the process. This file is the entry of a bundle of its own, see tools/build.ts.
 */
export function azureMonitor(connectionString: string, credential: TokenCredential): Telemetry {
  useAzureMonitor({
    // Offline storage would write telemetry to the disk of the instance.
    azureMonitorExporterOptions: { connectionString, credential, disableOfflineStorage: true },
    // Their spans would hold URLs, and URLs hold ids of users.
    instrumentationOptions: {
      http: off,
      azureSdk: off,
      mongoDb: off,
      mySql: off,
      postgreSql: off,
      redis: off,
      redis4: off,
    },
    enableLiveMetrics: false,
    enablePerformanceCounters: false,
    enableStandardMetrics: false,
    // Every trace is recorded, as the host records every request. OTEL_TRACES_SAMPLER overrides both.
    samplingRatio: 1,
    tracesPerSecond: 0,
  });
  return openTelemetry(trace.getTracer(NAME), metrics.getMeter(NAME));
}
