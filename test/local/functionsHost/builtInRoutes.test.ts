import { expect, test } from '@jest/globals';
import { serveApp } from './functionApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = "app.http('everything', { route: '{*rest}', handler: async () => ({ body: 'function' }) });";

test.concurrent('the root is a page', async () => {
  const host = await serveApp({ source });

  const { status, headers, body } = await rawRequest(host.port, '/');

  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html');
  expect(body).toContain('up and running');
});

test.concurrent('the root is 204 with AzureWebJobsDisableHomepage', async () => {
  const host = await serveApp({ source }, { env: { AzureWebJobsDisableHomepage: 'true' } });

  expect(await rawRequest(host.port, '/')).toMatchObject({ status: 204, body: '' });
});

test.concurrent(
  'a function can take the root, but not the host interface, when the prefix is empty',
  async () => {
    const host = await serveApp({ source, hostJson: { extensions: { http: { routePrefix: '' } } } });

    const root = await rawRequest(host.port, '/');
    const status = await rawRequest(host.port, '/admin/host/status');
    const ping = await rawRequest(host.port, '/admin/host/ping', { method: 'POST' });
    const other = await rawRequest(host.port, '/admin/unknown');
    const runtime = await rawRequest(host.port, '/runtime/webhooks/x');

    expect(root.body).toBe('function');
    expect(JSON.parse(status.body)).toMatchObject({ state: 'Running' });
    expect(ping).toMatchObject({ status: 200, body: '' });
    expect([other.status, runtime.status]).toEqual([404, 404]);
  },
);

test.concurrent('a prefix of several segments is served', async () => {
  const host = await serveApp({ source, hostJson: { extensions: { http: { routePrefix: 'v1/api' } } } });

  const response = await fetch(`${host.url}/v1/api/x`);

  expect(await response.text()).toBe('function');
  expect(host.functions[0]?.url).toBe(`${host.url}/v1/api/{*rest}`);
});
