import { beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type ServedApp, serveApp } from './functionApp.ts';
import { rawRequest } from './rawRequest.ts';

let host: ServedApp;
beforeAll(async () => {
  host = await serveApp(
    {
      source: `
        app.http('measure', { handler: async (request) => ({ body: String((await request.arrayBuffer()).byteLength) }) });
        let release;
        app.http('slow', { handler: () => new Promise((resolve) => { console.log('slow began'); release = () => resolve({}); }) });
        app.http('release', { handler: async () => { release(); return {}; } });
      `,
    },
    { env: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000' } },
  );
});

test('a body as long as the limit is taken', async () => {
  const response = await fetch(`${host.url}/api/measure`, { method: 'POST', body: 'x'.repeat(1000) });

  expect(await response.text()).toBe('1000');
});

test('a longer one gets 413', async () => {
  const { status, body } = await rawRequest(host.port, '/api/measure', {
    method: 'POST',
    body: 'x'.repeat(1001),
  });

  expect({ status, body }).toEqual({ status: 413, body: '' });
});

test('413 does not wait for the body', async () => {
  const sent = request(`${host.url}/api/measure`, { method: 'POST', headers: { 'Content-Length': '5000' } });
  sent.write('only the start');

  const [response] = (await once(sent, 'response')) as [{ statusCode: number }];

  expect(response.statusCode).toBe(413);
  sent.on('error', () => undefined).destroy();
});

test('a client that leaves before its body, or its answer, is complete does no harm', async () => {
  const halfBody = connect(host.port, '127.0.0.1');
  halfBody.write('POST /api/measure HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
  const noAnswer = connect(host.port, '127.0.0.1');
  noAnswer.write('GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await host.logged('slow began');

  halfBody.destroy();
  noAnswer.destroy();
  await rawRequest(host.port, '/api/release');
  await host.logged("Executed 'Functions.slow' (Succeeded");

  expect((await rawRequest(host.port, '/api/measure')).body).toBe('0');
});

test('what is not HTTP gets 400', async () => {
  const socket = connect(host.port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');

  const [answer] = (await once(socket, 'data')) as [Buffer];

  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
});
