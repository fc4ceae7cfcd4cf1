import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
  type HttpMethods,
  type Pipeline,
  type PipelinePolicy,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { checkResponse } from '../../../shared/azure/checkResponse.ts';
import { throwErrorResponses } from '../../../shared/azure/errorResponses.ts';
import { limitResponseSize } from '../../../shared/azure/responseLimit.ts';
import { countUpstreamCalls, retryWithinDeadline } from '../../../shared/azure/retry.ts';
import { openDeadline, type OpenDeadline } from '../support/openDeadline.ts';
import {
  type Answer,
  drop,
  hang,
  type ScriptedServer,
  startScriptedServer,
  status,
} from '../support/scriptedServer.ts';

const LONG_MS = 20_000;

let server: ScriptedServer;
/** Of the last request. */
let deadline: OpenDeadline;
const deadlines: OpenDeadline[] = [];

beforeEach(async () => {
  server = await startScriptedServer();
});

afterEach(async () => {
  for (const each of deadlines.splice(0)) each.end();
  await server.close();
});

/** Sends as the pipelines of the SDK do. POST must not be repeated when it may have been processed. */
function send(method: HttpMethods, deadlineMs = LONG_MS): Promise<PipelineResponse> {
  return sendThrough(
    pipelineOf(retryWithinDeadline((request) => request.method !== 'POST')),
    method,
    deadlineMs,
  );
}

function pipelineOf(retry: PipelinePolicy, ...inner: PipelinePolicy[]): Pipeline {
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(retry);
  pipeline.addPolicy(countUpstreamCalls, { phase: 'Retry' });
  for (const policy of inner) pipeline.addPolicy(policy, { afterPhase: 'Retry' });
  return pipeline;
}

function sendThrough(
  pipeline: Pipeline,
  method: HttpMethods,
  deadlineMs = LONG_MS,
): Promise<PipelineResponse> {
  deadline = openDeadline(deadlineMs);
  deadlines.push(deadline);
  const request = createPipelineRequest({
    url: server.url,
    method,
    allowInsecureConnection: true,
    abortSignal: deadline.signal,
  });
  return deadline.run(() => pipeline.sendRequest(createDefaultHttpClient(), request));
}

describe.each<HttpMethods>(['GET', 'POST'])('%s', (method) => {
  test('does not repeat a success', async () => {
    server.script.push(status(200));

    const response = await send(method);

    expect(response.status).toBe(200);
    expect(server.requests).toHaveLength(1);
  });

  test.each([301, 400, 401, 403, 404, 409])('does not repeat after %d', async (code) => {
    server.script.push(status(code, { 'Retry-After': '0' }), status(200));

    const response = await send(method);

    expect(response.status).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test.each([{}, { 'Retry-After': '-5' }, { 'Retry-After': 'soon' }])(
    'does not repeat after 429 without a valid Retry-After: %j',
    async (headers) => {
      server.script.push(status(429, headers), status(200));

      const response = await send(method);

      expect(response.status).toBe(429);
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each([429, 503])('returns %d at once when Retry-After ends after the deadline', async (code) => {
    server.script.push(status(code, { 'Retry-After': '30' }), status(200));
    const started = performance.now();

    const response = await send(method);

    expect(response.status).toBe(code);
    expect(response.headers.get('retry-after')).toBe('30');
    expect(performance.now() - started).toBeLessThan(1000);
    expect(server.requests).toHaveLength(1);
  });

  test('does not repeat when too little time is left', async () => {
    server.script.push(status(503), status(200));

    const response = await send(method, 150);

    expect(response.status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  test('aborts at the deadline when the server hangs', async () => {
    server.script.push(hang);

    const sent = send(method, 100);

    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.requests).toHaveLength(1);
  });
});

test('repeats after 429 once Retry-After has passed', async () => {
  server.script.push(status(429, { 'Retry-After': '1' }), status(200));
  const started = performance.now();

  const response = await send('POST');

  expect(response.status).toBe(200);
  expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  expect(server.requests).toHaveLength(2);
});

test('retries that waited for the same Retry-After start spread out', async () => {
  const retries: number[] = [];
  const throttle = status(429, { 'Retry-After': '1' });
  server.script.push(...Array.from({ length: 20 }, () => throttle), (response) => {
    retries.push(performance.now());
    response.end();
  });
  const pipeline = pipelineOf(retryWithinDeadline(() => true));
  const started = performance.now();

  await Promise.all(Array.from({ length: 20 }, () => sendThrough(pipeline, 'GET')));

  expect(retries).toHaveLength(20);
  expect(Math.min(...retries) - started).toBeGreaterThanOrEqual(990);
  expect(Math.max(...retries) - Math.min(...retries)).toBeGreaterThan(100);
});

test('tries a refused connection four times', async () => {
  await server.close();

  const sent = send('POST');

  await expect(sent).rejects.toMatchObject({ name: 'RestError', code: 'ECONNREFUSED' });
  expect(deadline.upstreamCalls).toBe(4);
  server = await startScriptedServer();
});

test('sends a request at most four times', async () => {
  server.script.push(status(500, { 'Retry-After': '0' }));

  const response = await send('GET');

  expect(response.status).toBe(500);
  expect(server.requests).toHaveLength(4);
  expect(deadline.upstreamCalls).toBe(4);
});

test('stops retrying at the deadline', async () => {
  server.script.push(status(500));
  const started = performance.now();

  const response = await send('GET', 400);

  expect(response.status).toBe(500);
  expect(performance.now() - started).toBeLessThan(400);
  expect(server.requests.length).toBeLessThan(4);
});

test('a dependency that always fails gets 20 retries, and one more for ten responses once it works', async () => {
  const pipeline = pipelineOf(retryWithinDeadline(() => true));
  server.script.push(status(500));
  const statuses = () => Promise.all(Array.from({ length: 50 }, () => sendThrough(pipeline, 'GET')));

  await statuses();
  await statuses();
  const whileFailing = server.requests.length;
  server.script.splice(0, Infinity, status(404));
  await statuses();
  server.script.splice(0, Infinity, status(500));
  await statuses();

  expect(whileFailing).toBe(100 + 20);
  expect(server.requests.length).toBe(whileFailing + 50 + 50 + 5);
});

const expectToken = checkResponse(() => z.object({ token: z.string() }));

describe('when no retries are left', () => {
  /** The retries during twenty of these answers, and during the twenty failures after them. */
  async function retriesWith(answer: Answer, ...inner: PipelinePolicy[]): Promise<number> {
    const pipeline = pipelineOf(
      retryWithinDeadline(() => true),
      ...inner,
    );
    const sendTwenty = () =>
      Promise.allSettled(Array.from({ length: 20 }, () => sendThrough(pipeline, 'GET')));
    server.script.push(status(500));
    await sendTwenty();
    const before = server.requests.length;
    server.script.splice(0, Infinity, answer);
    await sendTwenty();
    server.script.splice(0, Infinity, status(500));
    await sendTwenty();
    return server.requests.length - before - 40;
  }

  test.each([
    ['408', status(408)],
    ['429', status(429, { 'Retry-After': '60' })],
    ['500', status(500)],
    ['dropped connection', drop],
  ])('a %s gives none back', async (_title, answer) => {
    expect(await retriesWith(answer)).toBe(0);
  });

  test.each([
    ['404', 2, status(404)],
    ['429', 0, status(429)],
    ['200 without the expected fields', 0, status(200, {}, {})],
  ])('twenty answers %s that are thrown as errors give %d back', async (_title, retries, answer) => {
    expect(await retriesWith(answer, expectToken, throwErrorResponses, limitResponseSize)).toBe(retries);
  });
});

test('repeats after a success response without the expected fields', async () => {
  server.script.push(status(200, {}, {}), status(200, {}, { token: 'a token' }));
  const pipeline = pipelineOf(
    retryWithinDeadline(() => true),
    expectToken,
    limitResponseSize,
  );

  const response = await sendThrough(pipeline, 'GET');

  expect(response.bodyAsText).toBe('{"token":"a token"}');
  expect(server.requests).toHaveLength(2);
});

test('does not ask again for a response that is too large', async () => {
  server.script.push(status(200, {}, { token: 'x'.repeat(1024 * 1024) }), status(200));
  const pipeline = pipelineOf(
    retryWithinDeadline(() => true),
    limitResponseSize,
  );

  const sent = sendThrough(pipeline, 'GET');

  await expect(sent).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
  expect(server.requests).toHaveLength(1);
});

test('does not repeat a request that runs under no deadline', async () => {
  server.script.push(status(503, { 'Retry-After': '0' }), status(200));
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(retryWithinDeadline(() => true));

  const response = await pipeline.sendRequest(
    createDefaultHttpClient(),
    createPipelineRequest({ url: server.url, allowInsecureConnection: true }),
  );

  expect(response.status).toBe(503);
});

describe('a response that may be lost', () => {
  const lost: [string, (typeof server.script)[number]][] = [
    ['408', status(408)],
    ['500', status(500)],
    ['502', status(502)],
    ['503', status(503)],
    ['503 with Retry-After', status(503, { 'Retry-After': '0' })],
    ['504', status(504)],
    ['a dropped connection', drop],
    [
      'half a response',
      (response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('{"half":', () => response.destroy());
      },
    ],
  ];

  test.each(lost)('%s: repeats a request that may be repeated', async (_title, answer) => {
    server.script.push(answer, status(200));

    const response = await send('GET');

    expect(response.status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  test.each(lost)('%s: does not repeat any other request', async (_title, answer) => {
    server.script.push(answer, status(200));

    const outcome = await send('POST').then(
      (response) => response.status,
      () => 'failed',
    );

    expect(outcome).not.toBe(200);
    expect(server.requests).toHaveLength(1);
  });
});
