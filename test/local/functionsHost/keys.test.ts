import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKeys } from '../../../local/functionsHost/keys.ts';
import { type ServedApp, serveApp } from './servedApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = `
const handler = async () => ({ body: 'called' });
app.http('open', { authLevel: 'anonymous', handler });
app.http('keyed', { authLevel: 'function', handler });
app.http('restricted', { authLevel: 'admin', handler });
`;

describe('with enableAuth', () => {
  let host: ServedApp;
  beforeAll(async () => {
    host = await serveApp({ source }, { enableAuth: true });
  });

  const status = async (path: string, key?: string) =>
    (await rawRequest(host.port, path, { headers: key === undefined ? {} : { 'x-functions-key': key } }))
      .status;

  test('calls an anonymous function without a key', async () => {
    expect(await status('/api/open')).toBe(200);
    expect(await status('/api/open', 'wrong')).toBe(200);
  });

  test('accepts the function key and the master key', async () => {
    expect(await status('/api/keyed', host.functionKey)).toBe(200);
    expect(await status('/api/keyed', host.masterKey)).toBe(200);
    expect(await status(`/api/keyed?code=${host.functionKey}`)).toBe(200);
  });

  test('accepts only the master key for an admin function', async () => {
    expect(await status('/api/restricted', host.masterKey)).toBe(200);
    expect(await status('/api/restricted', host.functionKey)).toBe(401);
  });

  test('returns an empty 401 for a missing or wrong key', async () => {
    const missing = await rawRequest(host.port, '/api/keyed');

    expect(missing).toMatchObject({ status: 401, body: '' });
    expect(await status('/api/keyed', 'wrong')).toBe(401);
    expect(await status('/api/keyed?code=wrong')).toBe(401);
  });

  test('prefers the header to the query, even an empty header', async () => {
    expect(await status(`/api/keyed?code=${host.functionKey}`, 'wrong')).toBe(401);
    expect(await status(`/api/keyed?code=${host.functionKey}`, '')).toBe(401);
    expect(await status('/api/keyed?code=wrong', host.functionKey)).toBe(200);
  });

  test('returns 404 for an unknown route without a key', async () => {
    expect(await status('/api/unknown')).toBe(404);
  });

  test('requires the master key for the host status, and no key for ping', async () => {
    expect(await status('/admin/host/status')).toBe(401);
    expect(await status('/admin/host/status', host.functionKey)).toBe(401);
    expect(await status('/admin/host/status', host.masterKey)).toBe(200);
    expect(await status('/admin/host/ping')).toBe(200);
  });

  test('never logs a key', async () => {
    await status('/api/keyed', host.functionKey);

    await host.logged("Executed 'Functions.keyed'");
    expect(host.log.join('\n')).not.toContain(host.functionKey);
    expect(host.log.join('\n')).not.toContain(host.masterKey);
  });

  test('creates new keys at every start', async () => {
    const other = await serveApp({ source });

    expect(other.functionKey).not.toBe(host.functionKey);
    expect(other.masterKey).not.toBe(host.masterKey);
  });
});

test('calls every function without a key by default', async () => {
  const host = await serveApp({ source });

  const response = await fetch(`${host.url}/api/restricted`);

  expect(await response.text()).toBe('called');
});

test('no key starts with a dash, which a command line takes for an option', () => {
  const keys = Array.from({ length: 1000 }, () => createKeys().functionKey);

  expect(keys.filter((key) => key.startsWith('-'))).toEqual([]);
});
