import { beforeEach, expect, test } from '@jest/globals';
import type { Deployment } from '../../../tools/rotate-key/deployment.ts';
import { prepareCheck } from '../../../tools/rotate-key/serviceCheck.ts';
import { type ScriptedServer, startScriptedServer, status } from '../../shared/support/scriptedServer.ts';

const created = status(201, {}, { token: 'a.b.c', user: { communicationUserId: '8:acs:1_2' } });
const healthy = status(200, {}, { status: 'ok' });
const deleted = status(204);

let server: ScriptedServer;
let deployment: Deployment;
beforeEach(async () => {
  server = await startScriptedServer();
  const functionApp = { name: 'func', id: '/sites/func', api: new URL('/api/', server.url) };
  deployment = { functionApp, callers: 'function-key', scope: 'chat' } as Deployment;
});

const az = () => Promise.resolve('{"other":"k1","default":"k2"}');
const prepare = (bearer?: string) =>
  prepareCheck(az, deployment, { bearer, signal: new AbortController().signal, pauseMs: 1 });

test('asks for the health without credentials, and for a user with the default key', async () => {
  server.script.push(healthy, created, deleted);

  await (
    await prepare()
  )();

  expect(server.requests.map((headers) => headers['x-functions-key'])).toEqual([undefined, 'k2', 'k2']);
});

test('sends a bearer token where callers sign in', async () => {
  deployment = { ...deployment, callers: 'oidc' };
  server.script.push(healthy, created, deleted);

  await (
    await prepare('token')
  )();

  expect(server.requests[1]).toMatchObject({ authorization: 'Bearer token' });
  expect(server.requests[1]).not.toHaveProperty('x-functions-key');
});

test('demands that bearer token before anything else', async () => {
  deployment = { ...deployment, callers: 'oidc' };

  await expect(prepare()).rejects.toThrow('TOKEN_SERVICE_BEARER');
  await expect(prepare('')).rejects.toThrow('TOKEN_SERVICE_BEARER');
  expect(server.requests).toEqual([]);
});

test('gives the service time to get over a change', async () => {
  const unwell = status(503, {}, { status: 'failed' });
  server.script.push(
    unwell,
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

test('gives up after ten attempts and names the last answer', async () => {
  server.script.push(status(503, {}, { status: 'failed' }));

  await expect((await prepare())()).rejects.toThrow('did not work in 10 attempts: GET health answered 503.');
  expect(server.requests).toHaveLength(10);
});

test('an answer without a token is not good enough', async () => {
  const untold = status(201, {}, { user: { communicationUserId: '8:acs:1_2' } });
  server.script.push(...Array.from({ length: 10 }, () => [healthy, untold]).flat());

  await expect((await prepare())()).rejects.toThrow('POST users answered no token.');
});
