import { expect, test } from '@jest/globals';
import { serveApp, serveFolder, writeApp, writeFiles } from './servedApp.ts';

const source = `
const names = ['FROM_FILE', 'SET_BEFORE', 'EMPTY', 'NUMBER', 'AZURE_FUNCTIONS_ENVIRONMENT', 'FUNCTIONS_WORKER_RUNTIME'];
const atLoad = names.map((name) => process.env[name]);
app.http('environment', { handler: async () => ({ jsonBody: atLoad }) });
`;

test.concurrent(
  'sets its values as environment variables before the app loads; existing variables win',
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

test.concurrent('is optional', async () => {
  const host = await serveApp({ source }, { env: { AZURE_FUNCTIONS_ENVIRONMENT: 'Staging' } });

  const response = await fetch(`${host.url}/api/environment`);

  expect(await response.json()).toEqual([null, null, null, null, 'Staging', 'node']);
});

test.concurrent.each([{ Values: {} }, { IsEncrypted: true, Values: {} }])(
  'rejects an encrypted file: %j',
  async (settings) => {
    const message = 'local.settings.json is encrypted: IsEncrypted is true or missing.';

    await expect(serveApp({ source, localSettings: settings })).rejects.toThrow(message);
  },
);

test.concurrent(
  'rejects a file that is not JSON, or has settings that this host does not support',
  async () => {
    const folder = await writeFiles({
      'host.json': '{"version":"2.0"}',
      'local.settings.json': '{"IsEncrypted": fals',
    });
    const app = await writeApp({
      source,
      localSettings: { IsEncrypted: false, Host: { LocalHttpPort: 8080 } },
    });

    await expect(serveFolder(folder)).rejects.toThrow('local.settings.json is not JSON: InvalidSymbol');
    await expect(serveFolder(app)).rejects.toThrow('"LocalHttpPort"');
  },
);
