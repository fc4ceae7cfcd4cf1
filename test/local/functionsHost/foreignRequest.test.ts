import { beforeAll, expect, test } from '@jest/globals';
import { rawRequest } from './rawRequest.ts';
import { type ServedApp, serveApp } from './servedApp.ts';

let host: ServedApp;
beforeAll(async () => {
  host = await serveApp({
    source: "app.http('called', { methods: ['POST'], handler: async () => ({ body: 'called' }) });",
    localSettings: { IsEncrypted: false, Host: { CORS: 'https://app.example' } },
  });
});

const post = (headers: Record<string, string>) =>
  rawRequest(host.port, '/api/called', { method: 'POST', headers });

test.each([
  ['a name that points here through DNS', { Host: 'rebound.example' }],
  ['another machine', { Host: '192.168.1.7:7071' }],
  ['a host with a user name', { Host: 'evil@localhost' }],
  ['a host with a path', { Host: 'localhost/evil' }],
  ['an origin with a user name', { Origin: 'http://evil@localhost' }],
  ['a page of another site', { Origin: 'https://evil.example' }],
  ['a page without an origin, such as a file', { Origin: 'null' }],
])('rejects a request from %s before the function runs', async (_title, headers) => {
  const { status, body } = await post(headers);

  expect(status).toBe(403);
  expect(body).toMatch(/^(The Host header|Origin) .*\.\n$/);
});

test.each([
  ['a program', {}],
  ['the Android emulator', { Host: '10.0.2.2:7071' }],
  ['IPv6', { Host: '[::1]:7071' }],
  ['a page on this machine', { Origin: 'http://localhost:3000' }],
  ['a hybrid app', { Origin: 'capacitor://localhost' }],
  ['a page that Host.CORS allows', { Origin: 'https://app.example' }],
])('serves a request from %s', async (_title, headers) => {
  const { body } = await post(headers);

  expect(body).toBe('called');
});
