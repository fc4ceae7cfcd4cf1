import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findService } from '../../../tools/rotate-key/deployedService.ts';
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
  return findService(account.cli, { resourceGroup: 'rehearsal', functionApp, communicationService });
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

  await findService(async (command) => (printed += await account.cli(command)), {
    resourceGroup: 'rehearsal',
    functionApp: undefined,
    communicationService: undefined,
  }).catch(() => undefined);

  expect(printed).not.toContain('not ours');
});

test('lists the candidates when there are several', async () => {
  account.resources.push(
    resource('Microsoft.Web/sites', 'func-other', 'functionapp'),
    resource('Microsoft.Communication/communicationServices', 'acs-other'),
  );

  await expect(find()).rejects.toMatchObject({
    message:
      'Resource group rehearsal has more than one function app: func-rehearsal, func-other. Choose one with --function-app.',
    exitCode: 2,
  });
  await expect(find({ functionApp: 'func-rehearsal' })).rejects.toThrow(
    'Choose one with --communication-service.',
  );
  const found = await find({ functionApp: 'FUNC-rehearsal', communicationService: 'acs-rehearsal' });
  expect(found?.communicationService.name).toBe('acs-rehearsal');
});

test('names what is missing in the resource group', async () => {
  await expect(find({ functionApp: 'func' })).rejects.toThrow('rehearsal has no function app func.');
  account.settings['KEY_VAULT_URI'] = 'https://kv-elsewhere.vault.azure.net/';
  await expect(find()).rejects.toThrow('rehearsal has no vault kv-elsewhere.');
});

test('rejects an app that is not a token service', async () => {
  account.settings = {};

  await expect(find()).rejects.toThrow(
    'func-rehearsal does not have the settings of a token service: KEY_VAULT_URI is required unless ACS_ENDPOINT is set.',
  );
});

test('returns undefined for a keyless service', async () => {
  account.settings = { ACS_ENDPOINT: 'https://acs-rehearsal.communication.azure.com/' };

  expect(await find()).toBeUndefined();
});

test('uses http on loopback only', async () => {
  account.host = '127.0.0.1:7071';

  expect((await find())?.functionApp.api.href).toBe('http://127.0.0.1:7071/api/');
});

test.each([
  [null],
  [{}],
  [{ activeKey: 'first' }],
  [{ activeKey: 'primary', retiringKey: 'primary' }],
  [{ activeKey: 'primary', retiringKey: 'third' }],
])('prints the command that writes the secret when its tags are %j', async (tags) => {
  account.tags = tags;

  const service = await find();
  if (service === undefined) throw new Error('not found');

  const reading = readSecret(account.cli, service);

  await expect(reading).rejects.toThrow(
    /do not name its access key.*az deployment group create .*activeKey=primary/s,
  );
});
