import { createHttpHeaders, createPipelineRequest, type PipelineRequest } from '@azure/core-rest-pipeline';
import { beforeEach, expect, test } from '@jest/globals';
import { inMemoryTelemetry } from './inMemory.ts';

const { telemetry, spans, points, reset } = inMemoryTelemetry();
beforeEach(reset);

const ERROR = 2;

function send(url: string, outcome: number | Error) {
  const respond = (request: PipelineRequest) =>
    outcome instanceof Error
      ? Promise.reject(outcome)
      : Promise.resolve({ request, status: outcome, headers: createHttpHeaders() });
  return telemetry.dependency(createPipelineRequest({ url }), respond, () => '/path').catch(() => undefined);
}

test.each([
  ['https://acs.example/x', 443],
  ['http://127.0.0.1/x', 80],
  ['https://acs.example:8443/x', 8443],
])('records the port of %s', async (url, port) => {
  await send(url, 200);

  expect(spans()[0]?.attributes).toMatchObject({ 'server.port': port });
});

test.each([
  ['ECONNREFUSED', 'ECONNREFUSED'],
  ['PARSE_ERROR', 'PARSE_ERROR'],
  ['ECONNREFUSED to secret', '_OTHER'],
  ['secret ECONNREFUSED', '_OTHER'],
  ['A'.repeat(41), '_OTHER'],
])('records the error code %j as %s', async (code, expected) => {
  await send('https://acs.example/', Object.assign(new Error('failed'), { code }));

  expect(spans()[0]).toMatchObject({ attributes: { 'error.type': expected }, status: { code: ERROR } });
});

test('records an error without a code as _OTHER', async () => {
  await send('https://acs.example/', new Error('ECONNREFUSED'));

  expect(spans()[0]?.attributes['error.type']).toBe('_OTHER');
});

test.each([
  [399, undefined, 0],
  [400, '400', ERROR],
])('records status %d as error.type %s', async (status, type, code) => {
  await send('https://acs.example/', status);

  expect(spans()[0]?.attributes['error.type']).toBe(type);
  expect(spans()[0]?.status.code).toBe(code);
});

test('measures seconds', async () => {
  const started = performance.now();
  await send('https://acs.example/', 200);
  const passedSeconds = (performance.now() - started) / 1000;

  const [duration] = await points('http.client.request.duration');

  const { sum = NaN } = duration?.value as { sum?: number };
  expect(sum).toBeGreaterThan(0);
  expect(sum).toBeLessThanOrEqual(passedSeconds);
});
