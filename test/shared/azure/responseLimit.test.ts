import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
  decompressResponsePolicy,
} from '@azure/core-rest-pipeline';
import { beforeEach, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { limitResponseSize } from '../../../shared/azure/responseLimit.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scriptedServer.ts';

const MIB = 1024 * 1024;

let server: ScriptedServer;
beforeEach(async () => {
  server = await startScriptedServer();
});

function send() {
  const pipeline = createEmptyPipeline();
  // The SDKs' pipelines have it.
  pipeline.addPolicy(decompressResponsePolicy());
  pipeline.addPolicy(limitResponseSize);
  const request = createPipelineRequest({ url: server.url, allowInsecureConnection: true });
  return pipeline.sendRequest(createDefaultHttpClient(), request);
}

test('hands over a response of 1 MiB as text, and asks for it unpacked', async () => {
  const text = 'é'.repeat(MIB / 2);
  server.script.push((response) => response.end(text));

  const response = await send();

  expect(response.bodyAsText).toBe(text);
  expect(server.requests[0]).toMatchObject({ 'accept-encoding': 'identity' });
});

test('rejects a longer response', async () => {
  server.script.push((response) => response.end('x'.repeat(MIB + 1)));

  await expect(send()).rejects.toMatchObject({ name: 'RestError', code: 'RESPONSE_TOO_LARGE' });
});

test('does not unpack a response that is packed all the same', async () => {
  const packed = gzipSync(Buffer.alloc(100 * MIB));
  server.script.push((response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed));

  const response = await send();

  expect(response.bodyAsText?.length).toBeLessThanOrEqual(packed.length);
});

test('stops reading a response that never ends', async () => {
  let closed = false;
  server.script.push((response) => {
    const more = () => {
      while (!closed && response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', more).on('close', () => (closed = true));
    more();
  });

  await expect(send()).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
});

test('rejects a response that breaks off, as one that can be retried', async () => {
  server.script.push((response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('half');
    setImmediate(() => response.destroy());
  });

  await expect(send()).rejects.toMatchObject({ name: 'RestError', code: 'PARSE_ERROR' });
});
