import type { TokenCredential } from '@azure/core-auth';
import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';
import { AzureCliCredential, ManagedIdentityCredential } from '@azure/identity';
import { cachedCredential } from './cachedCredential.ts';
import { limitResponseSize } from './responseLimit.ts';

/** The Azure CLI starts a Python process for each token. */
const CLI_TIMEOUT_MS = 20_000;

interface CredentialOptions {
  /** Whether the platform offers a managed identity. Without one, the developer's `az login` is used. */
  managed: boolean;
  /** Client id of a user-assigned identity. */
  clientId: string | undefined;
}

/** The identity of this service in Azure. */
export function azureCredential({ managed, clientId }: CredentialOptions): TokenCredential {
  if (!managed) return cachedCredential(new AzureCliCredential(), { timeoutMs: CLI_TIMEOUT_MS });
  return cachedCredential(
    new ManagedIdentityCredential({
      ...(clientId === undefined ? {} : { clientId }),
      httpClient: limitedHttpClient(),
    }),
  );
}

/** The credential of a managed identity ignores `additionalPolicies`: it sets its own. */
function limitedHttpClient(): HttpClient {
  const client = createDefaultHttpClient();
  return {
    sendRequest: (request) =>
      limitResponseSize.sendRequest(request, (limited) => client.sendRequest(limited)),
  };
}
