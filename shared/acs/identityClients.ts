import {
  CommunicationIdentityClient,
  type CommunicationIdentityClientOptions,
} from '@azure/communication-identity';
import { AzureKeyCredential, type TokenCredential } from '@azure/core-auth';
import type { Pipeline } from '@azure/core-rest-pipeline';
import { checkResponse } from '../azure/checkResponse.ts';
import { throwErrorResponses } from '../azure/errorResponses.ts';
import { createPipeline } from '../azure/pipeline.ts';
import { recordRequests } from '../azure/recordRequests.ts';
import { limitResponseSize } from '../azure/responseLimit.ts';
import { isLoopback } from '../azure/loopback.ts';
import { countUpstreamCalls, retryWithinDeadline } from '../azure/retry.ts';
import type { ConnectionString } from '../keyVault/connectionString.ts';
import type { ConnectionStringReader } from '../keyVault/connectionStringReader.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { isCreate, operationOf, pathOf, responseBodies } from './operation.ts';
import { throttleGate } from './throttleGate.ts';

/** An SDK client, and the URL of the resource that it calls. */
export interface IdentityClient {
  sdk: CommunicationIdentityClient;
  /** Without a trailing slash, so that paths can be appended. */
  endpoint: string;
}

/** Gives the client to use now. */
export interface IdentityClients {
  get(signal: AbortSignal): Promise<IdentityClient>;
  /** The client to use after ACS rejected the credentials of another; `undefined` when there is no other. */
  refreshAfterRejection(rejected: IdentityClient, signal: AbortSignal): Promise<IdentityClient | undefined>;
}

/** Clients that sign with the access key of the vault's connection string, one for each value it takes. */
export function connectionStringClients(
  reader: ConnectionStringReader,
  telemetry: Telemetry = noTelemetry,
): IdentityClients {
  const options = clientOptions(telemetry);
  const clients = new WeakMap<ConnectionString, IdentityClient>();
  const sources = new WeakMap<IdentityClient, ConnectionString>();

  const clientFor = (source: ConnectionString): IdentityClient => {
    const known = clients.get(source);
    if (known !== undefined) return known;
    const endpoint = new URL(source.endpoint);
    const credential = new AzureKeyCredential(source.accessKey);
    const sdk = new CommunicationIdentityClient(source.endpoint, credential, {
      ...options,
      ...connectionOptions(endpoint),
    });
    const client = { sdk, endpoint: endpoint.origin };
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
export function keylessClients(
  endpoint: URL,
  credential: TokenCredential,
  telemetry: Telemetry = noTelemetry,
): IdentityClients {
  const sdk = new CommunicationIdentityClient(endpoint.href, credential, {
    ...clientOptions(telemetry),
    ...connectionOptions(endpoint),
  });
  const client = { sdk, endpoint: endpoint.origin };
  return { get: () => Promise.resolve(client), refreshAfterRejection: () => Promise.resolve(undefined) };
}

/** The options of one client, which adds the policy of its credential to the pipeline. */
function connectionOptions(endpoint: URL): { pipeline: Pipeline; allowInsecureConnection: boolean } {
  return { pipeline: createPipeline(), allowInsecureConnection: isLoopback(endpoint) };
}

/** The options that all clients of a process share, and with them the retry budget and the throttle gate. */
function clientOptions(telemetry: Telemetry): CommunicationIdentityClientOptions {
  return {
    additionalPolicies: [
      // A create that failed may have left an identity behind; a second one would leave two.
      { policy: retryWithinDeadline((request) => !isCreate(request)), position: 'perCall' },
      { policy: throttleGate(), position: 'perRetry' },
      { policy: countUpstreamCalls, position: 'perRetry' },
      { policy: checkResponse((request) => responseBodies[operationOf(request)]), position: 'perRetry' },
      { policy: throwErrorResponses, position: 'perRetry' },
      { policy: recordRequests(telemetry, pathOf), position: 'perRetry' },
      { policy: limitResponseSize, position: 'perRetry' },
    ],
  };
}
