import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findDeployment } from '../../../tools/rotate-key/deployment.ts';
import { readSecret } from '../../../tools/rotate-key/secret.ts';
import { type LocalAzure, startLocalAzure } from '../../../local/localAzure.ts';
import { AzureAccount, resource } from './azureAccount.ts';

let azure: LocalAzure;
let account: AzureAccount;
beforeAll(async () => {
  azure = await startLocalAzure();
});
beforeEach(() => {
  account = new AzureAccount(azure);
});
afterAll(() => azure.close());

function find(names: { functionApp?: string; communicationService?: string } = {}) {
  const { functionApp, communicationService } = names;
  return findDeployment(account.cli, { resourceGroup: 'rehearsal', functionApp, communicationService });
}

test('finds the parts of a service from its resource group', async () => {
  account.settings['ACS_SECRET_TTL_SECONDS'] = '120';
  account.settings['TOKEN_ALLOWED_SCOPES'] = 'voip,chat';

  expect(await find()).toMatchObject({
    functionApp: { name: 'func-rehearsal', api: new URL('https://func-rehearsal.azurewebsites.net/api/') },
    vault: { name: 'kv-rehearsal' },
    communicationService: { name: 'acs-rehearsal' },
    secretName: 'acs-connection-string',
    secretTtlMs: 120_000,
    tokenLifetimeMs: 86_400_000,
    scope: 'voip',
    callers: 'function-key',
  });
});

test('reads no setting that it does not need', async () => {
  account.settings['STRIPE_API_KEY'] = 'not ours';
  let printed = '';

  await findDeployment(async (command) => (printed += await account.cli(command)), {
    resourceGroup: 'rehearsal',
    functionApp: undefined,
    communicationService: undefined,
  }).catch(() => undefined);

  expect(printed).not.toContain('not ours');
});

test('names the choices where there are several', async () => {
  account.resources.push(
    resource('Microsoft.Web/sites', 'func-other', 'functionapp'),
    resource('Microsoft.Communication/communicationServices', 'acs-other'),
  );

  await expect(find()).rejects.toMatchObject({
    message:
      'rehearsal has more than one function app: func-rehearsal, func-other. Say which with --function-app.',
    exitCode: 2,
  });
  await expect(find({ functionApp: 'func-rehearsal' })).rejects.toThrow(
    'Say which with --communication-service.',
  );
  const found = await find({ functionApp: 'FUNC-rehearsal', communicationService: 'acs-rehearsal' });
  expect(found?.communicationService.name).toBe('acs-rehearsal');
});

test('says what is missing from the resource group', async () => {
  await expect(find({ functionApp: 'func' })).rejects.toThrow('rehearsal has no function app func.');
  account.settings['KEY_VAULT_URI'] = 'https://kv-elsewhere.vault.azure.net/';
  await expect(find()).rejects.toThrow('rehearsal has no vault kv-elsewhere.');
});

test('says that an app is not a token service', async () => {
  account.settings = {};

  await expect(find()).rejects.toThrow(
    'The settings of func-rehearsal are not those of a token service: KEY_VAULT_URI is required unless ACS_ENDPOINT is set.',
  );
});

test('finds nothing to rotate in a keyless service', async () => {
  account.settings = { ACS_ENDPOINT: 'https://acs-rehearsal.communication.azure.com/' };

  expect(await find()).toBeUndefined();
});

test('uses http on loopback and nowhere else', async () => {
  account.host = '127.0.0.1:7071';

  expect((await find())?.functionApp.api.href).toBe('http://127.0.0.1:7071/api/');
});

test.each([
  [null],
  [{}],
  [{ activeKey: 'first' }],
  [{ activeKey: 'primary', retiringKey: 'primary' }],
  [{ activeKey: 'primary', retiringKey: 'third' }],
])('the tags %j make it say how to write the secret again', async (tags) => {
  account.tags = tags;

  const deployment = await find();
  if (deployment === undefined) throw new Error('not found');

  const reading = readSecret(account.cli, deployment);

  await expect(reading).rejects.toThrow(
    /do not say which access key it holds.*az deployment group create .*activeKey=primary/s,
  );
});
