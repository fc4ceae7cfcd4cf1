import type { TokenCredential } from '@azure/core-auth';
import { TableClient, type TableServiceClientOptions } from '@azure/data-tables';
import { retryWithinDeadline } from '../azure/retry.ts';

/** Where the user directory is kept. */
export type UserTableSettings = { name: string } & ({ endpoint: URL } | { connectionString: string });

export function userTable(settings: UserTableSettings, credential: TokenCredential): TableClient {
  const options: TableServiceClientOptions = {
    retryOptions: { maxRetries: 0 },
    // A write that is sent twice finds its own row, which says the same.
    additionalPolicies: [{ policy: retryWithinDeadline(() => true), position: 'perCall' }],
  };
  if ('endpoint' in settings) {
    return new TableClient(settings.endpoint.href, settings.name, credential, options);
  }
  // Only the storage emulator on loopback is reached in this way.
  return TableClient.fromConnectionString(settings.connectionString, settings.name, {
    ...options,
    allowInsecureConnection: true,
  });
}
