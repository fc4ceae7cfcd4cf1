import { AzureCliCredential, ManagedIdentityCredential } from '@azure/identity';
import { expect, test } from '@jest/globals';
import { azureCredential } from '../../../shared/azure/credential.ts';

test('an app with a managed identity is that identity, wherever it runs', () => {
  const credential = azureCredential({ managed: true, clientId: undefined });

  expect(credential).toBeInstanceOf(ManagedIdentityCredential);
});

test('without a managed identity the developer’s az login serves', () => {
  const credential = azureCredential({ managed: false, clientId: undefined });

  expect(credential).toBeInstanceOf(AzureCliCredential);
});
