import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { serveApp } from './servedApp.ts';

const source = `
app.http('called', { route: 'users/{id}', methods: ['GET', 'POST'], authLevel: 'function', handler: async () => ({ body: 'called' }) });
app.http('rejecting', { route: 'rejecting', handler: async (request, context) => {
  context.log('its own line');
  return {
    status: 400,
    headers: { 'Content-Type': 'application/problem+json' },
    jsonBody: { code: 'invalid_request', detail: 'See errors.', errors: [{ path: 'scopes[0]', message: 'must be chat' }] },
  };
} });
app.http('throwing', { route: 'throwing', handler: async () => { throw new Error('its own error'); } });
`;

test('prints a line for each request, without its query', async () => {
  const host = await serveApp({ source }, { enableAuth: true, compactLog: true });
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${host.url}/api/${path}`, { headers });

  await get('users/1', { 'x-functions-key': host.functionKey });
  await get(`users/1?code=${host.functionKey}`);
  await get('users/1');
  await get('users/1?code=wrong');
  await get('user');
  await get('rejecting', { 'x-functions-key': host.functionKey });
  await get('throwing', { 'x-functions-key': host.functionKey });
  await host.logged('/api/throwing 500');

  const lines = host.log.map((line) => line.replace(/^\[[^\]]+\] /, '').replace(/\d+ ms/, 'N ms'));
  expect(lines.filter((line) => /^(GET|its)/.test(line))).toEqual([
    'GET /api/users/1 200 N ms',
    'GET /api/users/1 200 N ms',
    'GET /api/users/1 401 N ms – the function key is missing. Send it in the header x-functions-key',
    'GET /api/users/1 401 N ms – the function key is wrong. Send it in the header x-functions-key',
    'GET /api/user 404 N ms – no function has this route and method. Routes: GET/POST /api/users/{id}, GET/POST /api/rejecting, GET/POST /api/throwing',
    'GET /api/rejecting 400 N ms – invalid_request: scopes[0] must be chat',
    'GET /api/throwing 500 N ms',
  ]);
  expect(host.log.join()).toContain('its own error');
  expect(host.log.join()).not.toContain(host.functionKey);
});

test('says that a client left before its body arrived, without a stack', async () => {
  const host = await serveApp({ source }, { compactLog: true });
  const socket = connect(host.port, '127.0.0.1');
  socket.write('POST /api/rejecting HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345');
  // The next request arrives after the first one has begun.
  await fetch(`${host.url}/api/user`);
  await host.logged('/api/user 404');

  socket.destroy();

  const line = await host.logged('] POST /api/rejecting');
  expect(line).toContain('400');
  expect(line).toContain('the client closed the connection before its body arrived');
  expect(host.log.join('\n')).not.toMatch(/\n\s+at /);
});

test('without the compact log, prints what Core Tools print, and why a request reached no function', async () => {
  const host = await serveApp({ source });

  await fetch(`${host.url}/api/rejecting`);
  await fetch(`${host.url}/api/user`);
  await host.logged('GET /api/user 404');

  const log = host.log.join('\n');
  expect(log).toContain("Executing 'Functions.rejecting'");
  expect(log).toContain('its own line');
  expect(log).not.toContain('/api/rejecting 400');
});
