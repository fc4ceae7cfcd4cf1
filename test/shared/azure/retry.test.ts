import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
  type HttpMethods,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { countUpstreamCalls, retryWithinDeadline } from '../../../shared/azure/retry.ts';
import { openDeadline, type OpenDeadline } from '../support/deadline.ts';
import { drop, hang, type ScriptedServer, startScriptedServer, status } from '../support/scriptedServer.ts';

const LONG_MS = 20_000;

let server: ScriptedServer;
let deadline: OpenDeadline;

beforeEach(async () => {
  server = await startScriptedServer();
});

afterEach(async () => {
  deadline.end();
  await server.close();
});

/** Sends as the SDK's pipelines do; POST is a request that must not be repeated when its answer is lost. */
function send(method: HttpMethods, deadlineMs = LONG_MS): Promise<PipelineResponse> {
  deadline = openDeadline(deadlineMs);
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(retryWithinDeadline((request) => request.method !== 'POST'));
  pipeline.addPolicy(countUpstreamCalls, { phase: 'Retry' });
  const request = createPipelineRequest({
    url: server.url,
    method,
    allowInsecureConnection: true,
    abortSignal: deadline.signal,
  });
  return deadline.run(() => pipeline.sendRequest(createDefaultHttpClient(), request));
}

describe.each<HttpMethods>(['GET', 'POST'])('%s', (method) => {
  test('a success is not repeated', async () => {
    server.script.push(status(200));

    const response = await send(method);

    expect(response.status).toBe(200);
    expect(server.requests).toHaveLength(1);
  });

  test.each([301, 400, 401, 403, 404, 409])('%d is not repeated', async (code) => {
    server.script.push(status(code, { 'Retry-After': '0' }), status(200));

    const response = await send(method);

    expect(response.status).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test.each([{}, { 'Retry-After': '-5' }, { 'Retry-After': 'soon' }])(
    '429 is not repeated when it does not say when: %j',
    async (headers) => {
      server.script.push(status(429, headers), status(200));

      const response = await send(method);

      expect(response.status).toBe(429);
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each([429, 503])('%d is given back at once when it asks for more time than is left', async (code) => {
    server.script.push(status(code, { 'Retry-After': '30' }), status(200));
    const started = performance.now();

    const response = await send(method);

    expect(response.status).toBe(code);
    expect(response.headers.get('retry-after')).toBe('30');
    expect(performance.now() - started).toBeLessThan(1000);
    expect(server.requests).toHaveLength(1);
  });

  test('503 is repeated', async () => {
    server.script.push(status(503), status(200));

    const response = await send(method);

    expect(response.status).toBe(200);
    expect(deadline.upstreamCalls).toBe(2);
  });

  test('a response that comes too close to the deadline is given back', async () => {
    server.script.push(status(503), status(200));

    const response = await send(method, 150);

    expect(response.status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  test('a server that hangs is waited for no longer than the deadline', async () => {
    server.script.push(hang);

    const sent = send(method, 100);

    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.requests).toHaveLength(1);
  });
});

test('429 is repeated after the time it asks for', async () => {
  server.script.push(status(429, { 'Retry-After': '1' }), status(200));
  const started = performance.now();

  const response = await send('POST');

  expect(response.status).toBe(200);
  expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  expect(server.requests).toHaveLength(2);
});

test('a refused connection is tried four times', async () => {
  await server.close();

  const sent = send('POST');

  await expect(sent).rejects.toMatchObject({ name: 'RestError', code: 'ECONNREFUSED' });
  expect(deadline.upstreamCalls).toBe(4);
  server = await startScriptedServer();
});

test('no request is sent more than four times', async () => {
  server.script.push(status(500, { 'Retry-After': '0' }));

  const response = await send('GET');

  expect(response.status).toBe(500);
  expect(server.requests).toHaveLength(4);
  expect(deadline.upstreamCalls).toBe(4);
});

test('retries stop at the deadline, however many are left', async () => {
  server.script.push(status(500));
  const started = performance.now();

  const response = await send('GET', 400);

  expect(response.status).toBe(500);
  expect(performance.now() - started).toBeLessThan(400);
  expect(server.requests.length).toBeLessThan(4);
});

test('a request without a deadline is not repeated', async () => {
  server.script.push(status(503, { 'Retry-After': '0' }), status(200));
  deadline = openDeadline(LONG_MS);
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(retryWithinDeadline(() => true));

  const response = await pipeline.sendRequest(
    createDefaultHttpClient(),
    createPipelineRequest({ url: server.url, allowInsecureConnection: true }),
  );

  expect(response.status).toBe(503);
});

describe('an answer that may be lost', () => {
  const lost: [string, (typeof server.script)[number]][] = [
    ['408', status(408)],
    ['500', status(500)],
    ['502', status(502)],
    ['504', status(504)],
    ['a dropped connection', drop],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('{"half":', () => response.destroy());
      },
    ],
  ];

  test.each(lost)('%s: a request that may be repeated is', async (_what, answer) => {
    server.script.push(answer, status(200));

    const response = await send('GET');

    expect(response.status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  test.each(lost)('%s: any other is not', async (_what, answer) => {
    server.script.push(answer, status(200));

    const outcome = await send('POST').then(
      (response) => response.status,
      () => 'failed',
    );

    expect(outcome).not.toBe(200);
    expect(server.requests).toHaveLength(1);
  });
});
