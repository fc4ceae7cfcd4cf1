import { AzureCliCredential, ManagedIdentityCredential } from '@azure/identity';
import { expect, test } from '@jest/globals';
import { azureCredential } from '../../../shared/azure/credential.ts';

test('uses the managed identity when the platform has one', () => {
  const credential = azureCredential({ managed: true, clientId: undefined });

  expect(credential).toBeInstanceOf(ManagedIdentityCredential);
});

test('uses az login without a managed identity', () => {
  const credential = azureCredential({ managed: false, clientId: undefined });

  expect(credential).toBeInstanceOf(AzureCliCredential);
});
