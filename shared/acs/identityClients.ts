import {
  CommunicationIdentityClient,
  type CommunicationIdentityClientOptions,
} from '@azure/communication-identity';
import { AzureKeyCredential, type TokenCredential } from '@azure/core-auth';
import { throwErrorResponses } from '../azure/errorResponses.ts';
import { limitResponseSize } from '../azure/responseLimit.ts';
import { isLoopback } from '../azure/loopback.ts';
import { countUpstreamCalls, retryWithinDeadline } from '../azure/retry.ts';
import type { ConnectionString } from '../keyVault/connectionString.ts';
import type { ConnectionStringReader } from '../keyVault/connectionStringReader.ts';

/** Gives the SDK client to use now. */
export interface IdentityClients {
  get(signal: AbortSignal): Promise<CommunicationIdentityClient>;
  /** The client to use after ACS rejected the credentials of another; `undefined` when there is no other. */
  refreshAfterRejection(
    rejected: CommunicationIdentityClient,
    signal: AbortSignal,
  ): Promise<CommunicationIdentityClient | undefined>;
}

/** Clients that sign with the access key of the vault's connection string, one for each value it takes. */
export function connectionStringClients(reader: ConnectionStringReader): IdentityClients {
  const clients = new WeakMap<ConnectionString, CommunicationIdentityClient>();
  const sources = new WeakMap<CommunicationIdentityClient, ConnectionString>();

  const clientFor = (source: ConnectionString): CommunicationIdentityClient => {
    const known = clients.get(source);
    if (known !== undefined) return known;
    const client = new CommunicationIdentityClient(
      source.endpoint,
      new AzureKeyCredential(source.accessKey),
      clientOptions(new URL(source.endpoint)),
    );
    clients.set(source, client);
    sources.set(client, source);
    return client;
  };

  return {
    get: async (signal) => clientFor(await reader.get(signal)),
    refreshAfterRejection: async (rejected, signal) => {
      const source = sources.get(rejected);
      const refreshed = source && (await reader.refreshAfterRejection(source, signal));
      return refreshed && clientFor(refreshed);
    },
  };
}

/** The one client that uses the managed identity: it has no key to refresh. */
export function keylessClients(endpoint: URL, credential: TokenCredential): IdentityClients {
  const client = new CommunicationIdentityClient(endpoint.href, credential, clientOptions(endpoint));
  return { get: () => Promise.resolve(client), refreshAfterRejection: () => Promise.resolve(undefined) };
}

function clientOptions(endpoint: URL): CommunicationIdentityClientOptions {
  return {
    allowInsecureConnection: isLoopback(endpoint),
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    additionalPolicies: [
      // A create whose response was lost has left an identity behind; a second one would leave two.
      { policy: retryWithinDeadline((request) => !isCreate(request.url)), position: 'perCall' },
      { policy: countUpstreamCalls, position: 'perRetry' },
      { policy: throwErrorResponses, position: 'perRetry' },
      { policy: limitResponseSize, position: 'perRetry' },
    ],
  };
}

function isCreate(url: string): boolean {
  return new URL(url).pathname.endsWith('/identities');
}
