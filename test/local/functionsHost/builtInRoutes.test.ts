import { expect, test } from '@jest/globals';
import { serveApp } from './servedApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = "app.http('greet', { route: 'greet', handler: async () => ({ body: 'function' }) });";

test.concurrent('serves a homepage at the root', async () => {
  const host = await serveApp({ source });

  const { status, headers, body } = await rawRequest(host.port, '/');

  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html');
  expect(body).toContain('up and running');
});

test.concurrent('returns 204 at the root with AzureWebJobsDisableHomepage', async () => {
  const host = await serveApp({ source }, { env: { AzureWebJobsDisableHomepage: 'true' } });

  expect(await rawRequest(host.port, '/')).toMatchObject({ status: 204, body: '' });
});

test.concurrent('serves the host interface, whatever the route prefix is', async () => {
  const host = await serveApp({ source, hostJson: { extensions: { http: { routePrefix: '' } } } });

  const status = await rawRequest(host.port, '/admin/host/status');
  const ping = await rawRequest(host.port, '/admin/host/ping', { method: 'POST' });
  const other = await rawRequest(host.port, '/admin/unknown');

  expect((await rawRequest(host.port, '/greet')).body).toBe('function');
  expect(JSON.parse(status.body)).toMatchObject({ state: 'Running' });
  expect(ping).toMatchObject({ status: 200, body: '' });
  expect(other.status).toBe(404);
});
