import type { TokenCredential } from '@azure/core-auth';
import { AzureCliCredential, ManagedIdentityCredential } from '@azure/identity';

interface CredentialOptions {
  /** Whether the platform offers a managed identity. Without one, the developer's `az login` is used. */
  managed: boolean;
  /** Client id of a user-assigned identity. */
  clientId: string | undefined;
}

/** The identity of this service in Azure. */
export function azureCredential({ managed, clientId }: CredentialOptions): TokenCredential {
  if (!managed) return new AzureCliCredential();
  return new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
}
