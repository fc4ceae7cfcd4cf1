import { expect, test } from '@jest/globals';
import { startAzureHere } from '../support/azureHere.ts';
import { azureCredential } from '../../../shared/azure/credential.ts';

const VAULT = 'https://vault.azure.net/.default';

test('uses the managed identity when the platform has one', async () => {
  const azure = await startAzureHere();
  const credential = azureCredential({ managed: true, clientId: azure.identity.clientId });

  const token = await credential.getToken(VAULT);

  expect(azure.identity.accepts(token?.token ?? '', 'https://vault.azure.net')).toBe(true);
  await azure.close();
});

test('uses the login of the Azure CLI when there is no managed identity', async () => {
  process.env['PATH'] = '';
  const credential = azureCredential({ managed: false, clientId: undefined });

  const getting = credential.getToken(VAULT);

  await expect(getting).rejects.toMatchObject({
    name: 'CredentialUnavailableError',
    cause: { message: expect.stringContaining('Azure CLI') },
  });
});
