import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
  type Pipeline,
} from '@azure/core-rest-pipeline';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { throttleGate } from '../../../shared/acs/throttleGate.ts';
import { throwErrorResponses } from '../../../shared/azure/errorResponses.ts';
import { ServiceError } from '../../../shared/errors.ts';
import { drop, type ScriptedServer, startScriptedServer, status } from '../support/scriptedServer.ts';

/** Milliseconds. */
let now: number;
let server: ScriptedServer;
let pipeline: Pipeline;

beforeEach(async () => {
  now = 0;
  server = await startScriptedServer();
  pipeline = createEmptyPipeline();
  pipeline.addPolicy(throttleGate(() => now));
  pipeline.addPolicy(throwErrorResponses);
});

/** The status of the response; `wait` and the seconds when the gate rejects the request. */
async function send(
  path = '/identities/8%3Aacs%3A1/:issueAccessToken',
  body: string | null = null,
): Promise<number | string> {
  const request = createPipelineRequest({
    url: `${server.url}${path}?api-version=1`,
    method: 'POST',
    body,
    allowInsecureConnection: true,
  });
  return pipeline.sendRequest(createDefaultHttpClient(), request).then(
    (response) => response.status,
    (error: unknown) => {
      if (!(error instanceof ServiceError)) return (error as { statusCode?: number }).statusCode ?? 'lost';
      expect(error.code).toBe('too_many_requests');
      return `wait ${error.retryAfterSeconds}`;
    },
  );
}

const throttle = (retryAfter?: string) =>
  status(429, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });

test('rejects requests with the time left until Retry-After has passed', async () => {
  server.script.push(throttle('10'), status(200));

  const first = await send();
  const second = await send();
  now += 9001;
  const third = await send();
  now += 999;
  const fourth = await send();

  expect([first, second, third, fourth]).toEqual([429, 'wait 10', 'wait 1', 200]);
  expect(server.requests).toHaveLength(2);
});

describe('after Retry-After has passed', () => {
  beforeEach(async () => {
    server.script.push(throttle('10'));
    await send();
    now += 10_000;
    server.script.splice(0);
  });

  test('sends one request at a time until one succeeds', async () => {
    server.script.push(status(200));

    const concurrent = await Promise.all([send(), send(), send()]);
    const later = await Promise.all([send(), send()]);

    expect(concurrent).toEqual([200, 'wait 1', 'wait 1']);
    expect(later).toEqual([200, 200]);
  });

  test('waits again when ACS still throttles', async () => {
    server.script.push(throttle('5'));

    const tested = [await send(), await send()];
    now += 5000;

    expect(tested).toEqual([429, 'wait 5']);
    expect(await send()).toBe(429);
  });

  test('opens for a response that ACS has processed', async () => {
    server.script.push(status(404), status(200));

    const first = await send();
    const later = await Promise.all([send(), send()]);

    expect(first).toBe(404);
    expect(later).toEqual([200, 200]);
  });

  test.each([
    ['fails', status(500), 500],
    ['is unavailable', status(503), 503],
    ['does not respond', drop, 'lost'],
  ])('tests again with one request when ACS %s', async (_title, answer, outcome) => {
    server.script.push(answer, status(200));

    const first = await send();
    const next = await Promise.all([send(), send()]);

    expect(first).toBe(outcome);
    expect(next).toEqual([200, 'wait 1']);
  });
});

test('without Retry-After, waits 1 second and doubles that up to a minute', async () => {
  server.script.push(throttle());
  const waits: unknown[] = [];
  for (let round = 0; round < 8; round += 1) {
    await send();
    const wait = await send();
    waits.push(wait);
    now += Number(String(wait).slice('wait '.length)) * 1000;
  }

  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => `wait ${seconds}`));
});

test('counts several 429s without Retry-After at once as one', async () => {
  server.script.push(throttle());

  const concurrent = await Promise.all([send(), send(), send()]);
  now += 1000;
  const next = [await send(), await send()];

  expect(concurrent).toEqual([429, 429, 429]);
  expect(next).toEqual([429, 'wait 2']);
});

test('stays closed when a request succeeds that was sent before', async () => {
  const slow = Promise.withResolvers<undefined>();
  server.script.push((response) => void slow.promise.then(() => response.end()), throttle('10'));
  const before = send();
  while (server.requests.length === 0) await new Promise(setImmediate);

  const throttled = await send();
  slow.resolve(undefined);

  expect([throttled, await before, await send()]).toEqual([429, 200, 'wait 10']);
});

test('tests after a minute, however long Retry-After is', async () => {
  server.script.push(throttle('3600'), status(200));

  const first = [await send(), await send()];
  now += 60_000;

  expect(first).toEqual([429, 'wait 60']);
  expect(await send()).toBe(200);
});

test('rejects Teams exchanges while ACS throttles them, and no creates', async () => {
  server.script.push(throttle('10'), status(200));

  const exchanges = [
    await send('/teamsUser/:exchangeAccessToken'),
    await send('/teamsUser/:exchangeAccessToken'),
  ];
  const create = await send('/identities');

  expect(exchanges).toEqual([429, 'wait 10']);
  expect(create).toBe(200);
});

test('keeps the gates of operations apart, but not those of users', async () => {
  server.script.push(throttle('10'), status(200));
  await send('/identities/8%3Aacs%3A1/:issueAccessToken');

  const others = [
    await send('/identities'),
    await send('/identities', '{"createTokenWithScopes":["chat"]}'),
    await send('/identities/8%3Aacs%3A1/:revokeAccessTokens'),
    await send('/teamsUser/:exchangeAccessToken'),
    await send('/identities/8%3Aacs%3A2/:issueAccessToken'),
  ];

  expect(others).toEqual([200, 200, 200, 200, 'wait 10']);
});
