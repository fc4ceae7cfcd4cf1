import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ServedApp, serveApp } from './servedApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = `
app.http('echo', {
  route: 'echo/{name}',
  methods: ['GET', 'POST', 'DELETE'],
  handler: async (request, context) => ({
    jsonBody: {
      url: request.url,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      query: Object.fromEntries(request.query),
      params: request.params,
      hasBody: request.body !== null,
      body: await request.text(),
      invocationId: context.invocationId,
      functionName: context.functionName,
      traceContext: context.traceContext,
    },
  }),
});
app.http('cookies', { handler: async () => ({ cookies: [{ name: 'a', value: 'b' }] }) });
app.http('throws', { handler: async () => { throw new Error('secret reason'); } });
app.http('text', { handler: async () => 'not an object' });
app.http('nothing', { handler: async () => undefined });
app.http('noContent', { handler: async () => ({ status: 204, headers: { 'content-length': '3' } }) });
app.http('bytes', { handler: async () => ({ status: 202, body: new Uint8Array([0, 255, 10]), headers: { 'x-a': 'b' } }) });
`;

let host: ServedApp;
beforeAll(async () => {
  host = await serveApp({ source });
});

async function echo(path: string, init?: RequestInit) {
  const response = await fetch(`${host.url}/api/echo${path}`, init);
  return (await response.json()) as Record<string, unknown>;
}

describe('the request', () => {
  test('keeps the URL, method and headers', async () => {
    const received = await echo('/8%3Aacs?x=1', { method: 'DELETE', headers: { 'X-Custom': 'Value' } });

    expect(received).toMatchObject({
      url: `${host.url}/api/echo/8%3Aacs?x=1`,
      method: 'DELETE',
      headers: { 'x-custom': 'Value' },
      functionName: 'echo',
    });
  });

  test('decodes route values, except %2F', async () => {
    const { params } = await echo('/8%3Aacs%3Aa%2Fb%20c');

    expect(params).toEqual({ name: '8:acs:a%2Fb c' });
  });

  test('joins duplicate query keys with a comma and ignores their case', async () => {
    const { query } = await echo('/x?scope=chat&scope=voip&Scope=x%20y&other=');

    expect(query).toEqual({ scope: 'chat,voip,x y', other: '' });
  });

  test('passes on a body with a length', async () => {
    const received = await echo('/x', { method: 'POST', body: '{"a":"ü"}' });

    expect(received).toMatchObject({ hasBody: true, body: '{"a":"ü"}' });
  });

  test('passes on no empty body and no chunked body', async () => {
    const none = await echo('/x', { method: 'POST' });
    const chunked = await rawRequest(host.port, '/api/echo/x', {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
      body: 'lost',
    });

    expect(none['hasBody']).toBe(false);
    expect(JSON.parse(chunked.body)).toMatchObject({ hasBody: false, body: '' });
  });

  test('has its own invocation id', async () => {
    const [one, other] = await Promise.all([echo('/x'), echo('/x')]);

    expect(one['invocationId']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(one['invocationId']).not.toBe(other['invocationId']);
  });

  test('keeps malformed escapes', async () => {
    const { status, body } = await rawRequest(host.port, '/api/echo/%zz%C3?a=%zz');

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ params: { name: '%zz%C3' }, query: { a: '%zz' } });
  });
});

describe('the trace context', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const spanId = 'b7ad6b7169203331';

  test('continues the trace of the request, with a span of the host', async () => {
    const headers = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=1' };

    const { traceContext } = await echo('/x', { headers });

    expect(traceContext).toEqual({
      traceParent: expect.stringMatching(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`),
      traceState: 'vendor=1',
      attributes: {},
    });
  });

  test.each([undefined, `00-${traceId}-${'0'.repeat(16)}-01`, 'garbage'])(
    'is a new trace for the traceparent %j',
    async (traceparent) => {
      const headers = { tracestate: 'vendor=1', ...(traceparent && { traceparent }) };

      const { traceContext } = await echo('/x', { headers });

      expect(traceContext).toEqual({
        traceParent: expect.stringMatching(`^00-(?!${traceId})[0-9a-f]{32}-[0-9a-f]{16}-00$`),
        traceState: '',
        attributes: {},
      });
    },
  );
});

describe('the response', () => {
  test('keeps the status, headers and bytes', async () => {
    const response = await fetch(`${host.url}/api/bytes`);

    expect(response.status).toBe(202);
    expect(response.headers.get('x-a')).toBe('b');
    expect([...(await response.bytes())]).toEqual([0, 255, 10]);
  });

  test.each(['noContent', 'nothing'])('has status 204 and no body: %s', async (name) => {
    const { status, headers, body } = await rawRequest(host.port, `/api/${name}`);

    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers).not.toHaveProperty('content-length');
  });

  test.each([
    ['throws', 'secret reason'],
    ['text', 'The HTTP response must be an object'],
  ])('is an empty 500 and a log entry when the function fails: %s', async (name, reason) => {
    const { status, body } = await rawRequest(host.port, `/api/${name}`);

    expect({ status, body }).toEqual({ status: 500, body: '' });
    await host.logged(reason);
    await host.logged(`Executed 'Functions.${name}' (Failed`);
  });

  test('is an empty 500 when it sets cookies, which this host does not support', async () => {
    const { status, body } = await rawRequest(host.port, '/api/cookies');

    expect({ status, body }).toEqual({ status: 500, body: '' });
    await host.logged('The response sets cookies, which this host does not support.');
  });
});

describe('a request that matches no function', () => {
  test.each([
    ['GET', '/api/unknown'],
    ['GET', '/echo'],
    ['PUT', '/api/echo/x'],
    ['HEAD', '/api/echo/x'],
    ['OPTIONS', '/api/echo/x'],
  ])('gets an empty 404: %s %s', async (method, path) => {
    const { status, body } = await rawRequest(host.port, path, { method });

    expect({ status, body }).toEqual({ status: 404, body: '' });
  });

  test('gets 400 for a NUL in the path', async () => {
    expect((await rawRequest(host.port, '/api/echo/%00')).status).toBe(400);
  });
});
