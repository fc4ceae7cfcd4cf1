import { beforeAll, expect, test } from '@jest/globals';
import { azureCredential } from '../../../shared/azure/credential.ts';
import { type ScriptedServer, startScriptedServer, status } from '../support/scriptedServer.ts';

// MSAL chooses the identity endpoint once for each process, so these tests have one of their own.
let endpoint: ScriptedServer;
beforeAll(async () => {
  endpoint = await startScriptedServer();
  process.env['IDENTITY_ENDPOINT'] = `${endpoint.url}/msi/token`;
  process.env['IDENTITY_HEADER'] = 'header';
});

test.each([
  ['accepts', 1000, 'token'],
  ['rejects', 1024 * 1024, undefined],
])('%s a response with %d bytes beside the token', async (_title, length, expected) => {
  const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
  const body = { access_token: 'token', token_type: 'Bearer', expires_on, other: 'x'.repeat(length) };
  endpoint.script.splice(0, Infinity, status(200, {}, body));
  const credential = azureCredential({ managed: true, clientId: undefined });

  // MSAL keeps tokens too, by scope.
  const token = await credential.getToken(`https://${length}.example/.default`).catch(() => null);

  expect(token?.token).toBe(expected);
  expect(endpoint.requests.length).toBeGreaterThan(0);
});

test('follows no redirect to another server: the request holds the secret header of the platform', async () => {
  const other = await startScriptedServer();
  other.script.push(status(200));
  endpoint.script.splice(0, Infinity, status(302, { Location: other.url }));
  const credential = azureCredential({ managed: true, clientId: undefined });

  const getting = credential.getToken('https://redirect.example/.default');

  await expect(getting).rejects.toMatchObject({ name: 'CredentialUnavailableError' });
  expect(other.requests).toEqual([]);
});
