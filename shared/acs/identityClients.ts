import {
  CommunicationIdentityClient,
  type CommunicationIdentityClientOptions,
} from '@azure/communication-identity';
import type { TokenCredential } from '@azure/core-auth';
import type { ConnectionString } from '../keyVault/connectionString.ts';
import type { ConnectionStringReader } from '../keyVault/connectionStringReader.ts';
import { isLoopback } from '../azure/loopback.ts';
import { countUpstreamCalls, retryWithinDeadline } from '../azure/retry.ts';

/** Where the SDK client of the moment comes from. */
export interface IdentityClients {
  get(signal: AbortSignal): Promise<CommunicationIdentityClient>;
  /** The client to use instead of one whose credentials ACS refused; `undefined` when there is no other. */
  getInsteadOf(
    refused: CommunicationIdentityClient,
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
      `endpoint=${source.endpoint};accesskey=${source.accessKey}`,
      clientOptions(new URL(source.endpoint)),
    );
    clients.set(source, client);
    sources.set(client, source);
    return client;
  };

  return {
    get: async (signal) => clientFor(await reader.get(signal)),
    getInsteadOf: async (refused, signal) => {
      const source = sources.get(refused);
      const other = source && (await reader.getInsteadOf(source, signal));
      return other && clientFor(other);
    },
  };
}

/** The one client that the managed identity speaks through, straight to ACS: there is no key to replace. */
export function keylessClients(endpoint: URL, credential: TokenCredential): IdentityClients {
  const client = new CommunicationIdentityClient(endpoint.href, credential, clientOptions(endpoint));
  return { get: () => Promise.resolve(client), getInsteadOf: () => Promise.resolve(undefined) };
}

function clientOptions(endpoint: URL): CommunicationIdentityClientOptions {
  return {
    allowInsecureConnection: isLoopback(endpoint),
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [
      // A create whose answer was lost has left an identity behind; a second one would leave two.
      { policy: retryWithinDeadline((request) => !isCreate(request.url)), position: 'perCall' },
      { policy: countUpstreamCalls, position: 'perRetry' },
    ],
  };
}

function isCreate(url: string): boolean {
  return new URL(url).pathname.endsWith('/identities');
}
