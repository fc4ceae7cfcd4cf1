import { expect, test } from '@jest/globals';
import { serveApp, serveFolder, writeApp, writeFiles } from './functionApp.ts';

const source = `
const names = ['FROM_FILE', 'SET_BEFORE', 'EMPTY', 'NUMBER', 'AZURE_FUNCTIONS_ENVIRONMENT', 'FUNCTIONS_WORKER_RUNTIME'];
const atLoad = names.map((name) => process.env[name]);
app.http('environment', { handler: async () => ({ jsonBody: atLoad }) });
`;

test.concurrent(
  'its values are in the environment when the app loads, where nothing else is set',
  async () => {
    const Values = { FROM_FILE: 'file', SET_BEFORE: 'file', EMPTY: 'file', NUMBER: 7 };
    const host = await serveApp(
      { source, localSettings: { IsEncrypted: false, Values } },
      { env: { SET_BEFORE: 'before', EMPTY: '' } },
    );

    const response = await fetch(`${host.url}/api/environment`);

    expect(await response.json()).toEqual(['file', 'before', '', '7', 'Development', 'node']);
  },
);

test.concurrent('an app needs none', async () => {
  const host = await serveApp({ source }, { env: { AZURE_FUNCTIONS_ENVIRONMENT: 'Staging' } });

  const response = await fetch(`${host.url}/api/environment`);

  expect(await response.json()).toEqual([null, null, null, null, 'Staging', 'node']);
});

test.concurrent.each([{ Values: {} }, { IsEncrypted: true, Values: {} }])(
  'an encrypted one is refused: %j',
  async (settings) => {
    const message = 'local.settings.json is encrypted: IsEncrypted is true, or absent, which means true.';

    await expect(serveApp({ source, localSettings: settings })).rejects.toThrow(message);
  },
);

test.concurrent('one that is not JSON, or not settings, is refused by name', async () => {
  const folder = await writeFiles({
    'host.json': '{"version":"2.0"}',
    'local.settings.json': '{"IsEncrypted": fals',
  });
  const app = await writeApp({ source, localSettings: { IsEncrypted: 'no' } });

  await expect(serveFolder(folder)).rejects.toThrow('local.settings.json is not JSON: InvalidSymbol');
  await expect(serveFolder(app)).rejects.toThrow('local.settings.json: ');
});
