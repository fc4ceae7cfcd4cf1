import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ServedApp, serveApp } from './functionApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = `
const handler = async () => ({ body: 'called' });
app.http('open', { authLevel: 'anonymous', handler });
app.http('keyed', { authLevel: 'function', handler });
app.http('restricted', { authLevel: 'admin', handler });
`;

describe('with keys checked', () => {
  let host: ServedApp;
  beforeAll(async () => {
    host = await serveApp({ source }, { enableAuth: true });
  });

  const status = async (path: string, key?: string) =>
    (await rawRequest(host.port, path, { headers: key === undefined ? {} : { 'x-functions-key': key } }))
      .status;

  test('an anonymous function needs no key', async () => {
    expect(await status('/api/open')).toBe(200);
    expect(await status('/api/open', 'wrong')).toBe(200);
  });

  test('a function takes the function key or the master key', async () => {
    expect(await status('/api/keyed', host.functionKey)).toBe(200);
    expect(await status('/api/keyed', host.masterKey)).toBe(200);
    expect(await status(`/api/keyed?code=${host.functionKey}`)).toBe(200);
  });

  test('an admin function takes the master key only', async () => {
    expect(await status('/api/restricted', host.masterKey)).toBe(200);
    expect(await status('/api/restricted', host.functionKey)).toBe(401);
  });

  test('a missing or wrong key gets an empty 401', async () => {
    const missing = await rawRequest(host.port, '/api/keyed');

    expect(missing).toMatchObject({ status: 401, body: '' });
    expect(await status('/api/keyed', 'wrong')).toBe(401);
    expect(await status('/api/keyed?code=wrong')).toBe(401);
  });

  test('the header beats the query, even when it is empty', async () => {
    expect(await status(`/api/keyed?code=${host.functionKey}`, 'wrong')).toBe(401);
    expect(await status(`/api/keyed?code=${host.functionKey}`, '')).toBe(401);
    expect(await status('/api/keyed?code=wrong', host.functionKey)).toBe(200);
  });

  test('an unknown route stays 404', async () => {
    expect(await status('/api/unknown')).toBe(404);
  });

  test('the host status needs the master key, its ping none', async () => {
    expect(await status('/admin/host/status')).toBe(401);
    expect(await status('/admin/host/status', host.functionKey)).toBe(401);
    expect(await status('/admin/host/status', host.masterKey)).toBe(200);
    expect(await status('/admin/host/ping')).toBe(200);
  });

  test('the keys are not in the log', async () => {
    await status('/api/keyed', host.functionKey);

    await host.logged("Executed 'Functions.keyed'");
    expect(host.log.join('\n')).not.toContain(host.functionKey);
    expect(host.log.join('\n')).not.toContain(host.masterKey);
  });

  test('another start has other keys', async () => {
    const other = await serveApp({ source });

    expect(other.functionKey).not.toBe(host.functionKey);
    expect(other.masterKey).not.toBe(host.masterKey);
  });
});

test('without keys checked, any function is called without one', async () => {
  const host = await serveApp({ source });

  const response = await fetch(`${host.url}/api/restricted`);

  expect(await response.text()).toBe('called');
});
