import { beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type ServedApp, serveApp } from './servedApp.ts';
import { rawRequest } from './rawRequest.ts';

let host: ServedApp;
beforeAll(async () => {
  host = await serveApp({
    source: `
      app.http('measure', { handler: async (request) => ({ body: String((await request.arrayBuffer()).byteLength) }) });
      let release;
      app.http('slow', { handler: () => new Promise((resolve) => { console.log('slow began'); release = () => resolve({}); }) });
      app.http('release', { handler: async () => { release(); return {}; } });
    `,
  });
});

test('returns 413 for a body over 100 MiB without reading it', async () => {
  const headers = { 'Content-Length': String(100 * 1024 * 1024 + 1) };
  const sent = request(`${host.url}/api/measure`, { method: 'POST', headers });
  sent.write('only the start');

  const [response] = (await once(sent, 'response')) as [{ statusCode: number }];

  expect(response.statusCode).toBe(413);
  sent.on('error', () => undefined).destroy();
});

test('keeps serving after clients disconnect before the body or the response is complete', async () => {
  const halfBody = connect(host.port, '127.0.0.1');
  halfBody.write('POST /api/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
  const noResponse = connect(host.port, '127.0.0.1');
  noResponse.write('GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await host.logged('slow began');

  halfBody.destroy();
  noResponse.destroy();
  await rawRequest(host.port, '/api/release');
  await host.logged("Executed 'Functions.slow' (Succeeded");

  expect((await rawRequest(host.port, '/api/measure')).body).toBe('0');
});
