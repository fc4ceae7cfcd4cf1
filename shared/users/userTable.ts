import type { TokenCredential } from '@azure/core-auth';
import type { Pipeline, PipelineRequest } from '@azure/core-rest-pipeline';
import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import * as z from 'zod/mini';
import { checkResponse } from '../azure/checkResponse.ts';
import { throwErrorResponses } from '../azure/errorResponses.ts';
import { createPipeline } from '../azure/pipeline.ts';
import { recordRequests } from '../azure/recordRequests.ts';
import { limitResponseSize } from '../azure/responseLimit.ts';
import { retryWithinDeadline } from '../azure/retry.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

const row = z.object({ PartitionKey: z.string(), RowKey: z.string() });
/** The response to a read: one row, or a list of rows. An empty object is neither. */
const readBody = z.union([z.object({ value: z.array(row) }), row]);

/** Where the user directory is stored. */
export type UserTableSettings = { name: string } & ({ endpoint: URL } | { connectionString: string });

/** Retries happen within the deadline of a request. A program, which has none, gives the number of `sdkRetries`. */
export function userTable(
  settings: UserTableSettings,
  credential: TokenCredential,
  { telemetry = noTelemetry, sdkRetries = 0 }: { telemetry?: Telemetry; sdkRetries?: number } = {},
): TableClient {
  const options: TableServiceClientOptions & { pipeline?: Pipeline } = {
    ...(sdkRetries === 0
      ? { pipeline: createPipeline() }
      : { retryOptions: { maxRetries: sdkRetries }, redirectOptions: { maxRetries: 0 } }),
    // Sending a write twice is safe: the second finds the row that the first wrote.
    additionalPolicies: [
      { policy: retryWithinDeadline(() => true), position: 'perCall' },
      {
        policy: checkResponse(({ method }) => (method === 'GET' ? readBody : undefined)),
        position: 'perRetry',
      },
      { policy: throwErrorResponses, position: 'perRetry' },
      { policy: recordRequests(telemetry, pathOf), position: 'perRetry' },
      { policy: limitResponseSize, position: 'perRetry' },
    ],
  };
  if ('endpoint' in settings) {
    return new TableClient(settings.endpoint.href, settings.name, credential, options);
  }
  // Only the storage emulator on loopback uses a connection string.
  return TableClient.fromConnectionString(settings.connectionString, settings.name, {
    ...options,
    allowInsecureConnection: true,
  });
}

/** The path of a request without the keys of the row, which are hashes of users. */
function pathOf({ url }: PipelineRequest): string {
  return url.includes('(PartitionKey=')
    ? '/{table}(PartitionKey={partitionKey},RowKey={rowKey})'
    : '/{table}';
}
