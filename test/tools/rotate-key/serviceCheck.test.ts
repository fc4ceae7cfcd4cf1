import { beforeEach, expect, test } from '@jest/globals';
import type { DeployedService } from '../../../tools/rotate-key/deployedService.ts';
import { createServiceCheck } from '../../../tools/rotate-key/serviceCheck.ts';
import { type ScriptedServer, startScriptedServer, status } from '../../shared/support/scriptedServer.ts';

const created = status(201, {}, { token: 'a.b.c', user: { communicationUserId: '8:acs:1_2' } });
const healthy = status(200, {}, { status: 'ok' });
const deleted = status(204);

let server: ScriptedServer;
let service: DeployedService;
beforeEach(async () => {
  server = await startScriptedServer();
  const functionApp = { name: 'func', id: '/sites/func', api: new URL('/api/', server.url) };
  service = { functionApp, callers: 'function-key', scope: 'chat' } as DeployedService;
});

const az = () => Promise.resolve('{"other":"k1","default":"k2"}');
const prepare = (bearer?: string) =>
  createServiceCheck(az, service, { bearer, signal: new AbortController().signal, pauseMs: 1 });

test('calls health without credentials and users with the default key', async () => {
  server.script.push(healthy, created, deleted);

  await (
    await prepare()
  )();

  expect(server.requests.map((headers) => headers['x-functions-key'])).toEqual([undefined, 'k2', 'k2']);
});

test('sends the bearer token with CALLER_AUTH=oidc', async () => {
  service = { ...service, callers: 'oidc' };
  server.script.push(healthy, created, deleted);

  await (
    await prepare('token')
  )();

  expect(server.requests[1]).toMatchObject({ authorization: 'Bearer token' });
  expect(server.requests[1]).not.toHaveProperty('x-functions-key');
});

test('requires the bearer token before it sends a request', async () => {
  service = { ...service, callers: 'oidc' };

  await expect(prepare()).rejects.toThrow('TOKEN_SERVICE_BEARER');
  await expect(prepare('')).rejects.toThrow('TOKEN_SERVICE_BEARER');
  expect(server.requests).toEqual([]);
});

test('retries while the service recovers from a change', async () => {
  const unhealthy = status(503, {}, { status: 'failed' });
  server.script.push(
    unhealthy,
    healthy,
    status(502, {}, { code: 'upstream_rejected' }),
    healthy,
    created,
    deleted,
  );

  await (
    await prepare()
  )();

  expect(server.requests).toHaveLength(6);
});

test('fails after ten attempts and names the last response', async () => {
  server.script.push(status(503, {}, { status: 'failed' }));

  await expect((await prepare())()).rejects.toThrow('failed 10 checks in a row: GET health returned 503.');
  expect(server.requests).toHaveLength(10);
});

test('fails when a response has no token', async () => {
  const withoutToken = status(201, {}, { user: { communicationUserId: '8:acs:1_2' } });
  server.script.push(...Array.from({ length: 10 }, () => [healthy, withoutToken]).flat());

  await expect((await prepare())()).rejects.toThrow('POST users returned no token.');
});
