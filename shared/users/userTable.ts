import type { TokenCredential } from '@azure/core-auth';
import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { throwErrorResponses } from '../azure/errorResponses.ts';
import { limitResponseSize } from '../azure/responseLimit.ts';
import { retryWithinDeadline } from '../azure/retry.ts';

/** Where the user directory is stored. */
export type UserTableSettings = { name: string } & ({ endpoint: URL } | { connectionString: string });

export function userTable(settings: UserTableSettings, credential: TokenCredential): TableClient {
  const options: TableServiceClientOptions = {
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    // Sending a write twice is safe: the second finds the row that the first wrote.
    additionalPolicies: [
      { policy: retryWithinDeadline(() => true), position: 'perCall' },
      { policy: throwErrorResponses, position: 'perRetry' },
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
