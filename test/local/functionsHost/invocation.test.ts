import { beforeAll, describe, expect, test } from '@jest/globals';
import { type ServedApp, serveApp } from './functionApp.ts';
import { rawRequest } from './rawRequest.ts';

const source = `
app.http('echo', {
  route: 'echo/{name?}',
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
    },
  }),
});
app.http('cookies', {
  handler: async () => ({
    headers: [['set-cookie', 'first=1'], ['set-cookie', 'last=1']],
    cookies: [
      { name: 'plain', value: 'a b;c' },
      {
        name: 'full', value: 'v', path: '/api', domain: 'example.org', maxAge: 60, secure: true, httpOnly: true,
        sameSite: 'Strict', expires: new Date('2030-01-02T03:04:05Z'),
      },
    ],
  }),
});
app.http('throws', { handler: async () => { throw new Error('secret reason'); } });
app.http('throwsString', { handler: async () => { throw 'just text'; } });
app.http('text', { handler: async () => 'not an object' });
app.http('nothing', { handler: async () => undefined });
app.http('noContent', { handler: async () => ({ status: 204, headers: { 'content-length': '3' } }) });
app.http('bytes', { handler: async () => ({ status: 202, body: new Uint8Array([0, 255, 10]), headers: { 'x-a': 'b' } }) });
app.http('stream', { handler: async () => ({ body: new Blob(['one ', 'two']).stream() }) });
`;

let host: ServedApp;
beforeAll(async () => {
  host = await serveApp({ source });
});

async function echo(path: string, init?: RequestInit) {
  const response = await fetch(`${host.url}/api/echo${path}`, init);
  return (await response.json()) as Record<string, unknown>;
}

describe('the request a function gets', () => {
  test('has the URL, method and headers as they were sent', async () => {
    const seen = await echo('/8%3Aacs?x=1', { method: 'DELETE', headers: { 'X-Custom': 'Value' } });

    expect(seen).toMatchObject({
      url: `${host.url}/api/echo/8%3Aacs?x=1`,
      method: 'DELETE',
      headers: { 'x-custom': 'Value' },
      functionName: 'echo',
    });
  });

  test('has its route values decoded, except %2F', async () => {
    const { params } = await echo('/8%3Aacs%3Aa%2Fb%20c');

    expect(params).toEqual({ name: '8:acs:a%2Fb c' });
  });

  test('has duplicate query keys joined with a comma, whatever their case', async () => {
    const { query } = await echo('?scope=chat&scope=voip&Scope=x%20y&other=');

    expect(query).toEqual({ scope: 'chat,voip,x y', other: '' });
  });

  test('has a body of announced length', async () => {
    const seen = await echo('', { method: 'POST', body: '{"a":"ü"}' });

    expect(seen).toMatchObject({ hasBody: true, body: '{"a":"ü"}' });
  });

  test('has no body when none, or one of unannounced length, was sent', async () => {
    const none = await echo('', { method: 'POST' });
    const chunked = await rawRequest(host.port, '/api/echo', {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
      body: 'lost',
    });

    expect(none['hasBody']).toBe(false);
    expect(JSON.parse(chunked.body)).toMatchObject({ hasBody: false, body: '' });
  });

  test('has an invocation id of its own', async () => {
    const [one, other] = await Promise.all([echo(''), echo('')]);

    expect(one['invocationId']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(one['invocationId']).not.toBe(other['invocationId']);
  });

  test('has what could not be decoded as it was sent', async () => {
    const { status, body } = await rawRequest(host.port, '/api/echo/%zz%C3?a=%zz');

    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ params: { name: '%zz%C3' }, query: { a: '%zz' } });
  });
});

describe('the response a function gives', () => {
  test('keeps its status, headers and bytes', async () => {
    const response = await fetch(`${host.url}/api/bytes`);

    expect(response.status).toBe(202);
    expect(response.headers.get('x-a')).toBe('b');
    expect([...(await response.bytes())]).toEqual([0, 255, 10]);
  });

  test('may be a stream', async () => {
    const response = await fetch(`${host.url}/api/stream`);

    expect(await response.text()).toBe('one two');
  });

  test('sets every cookie of the cookies field, and of several headers only the last', async () => {
    const response = await fetch(`${host.url}/api/cookies`);

    expect(response.headers.getSetCookie()).toEqual([
      'last=1',
      'plain=a%20b%3Bc; path=/',
      'full=v; expires=Wed, 02 Jan 2030 03:04:05 GMT; max-age=60; domain=example.org; path=/api; secure; samesite=strict; httponly',
    ]);
  });

  test.each(['noContent', 'nothing'])('is empty with 204: %s', async (name) => {
    const { status, headers, body } = await rawRequest(host.port, `/api/${name}`);

    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers).not.toHaveProperty('content-length');
  });

  test.each([
    ['throws', 'secret reason'],
    ['throwsString', 'just text'],
    ['text', 'The HTTP response must be an object'],
  ])('is an empty 500 when it failed, and the log says why: %s', async (name, reason) => {
    const { status, body } = await rawRequest(host.port, `/api/${name}`);

    expect({ status, body }).toEqual({ status: 500, body: '' });
    await host.logged(reason);
    await host.logged(`Executed 'Functions.${name}' (Failed`);
  });
});

describe('a request for no function', () => {
  test.each([
    ['GET', '/api/unknown'],
    ['GET', '/echo'],
    ['PUT', '/api/echo'],
    ['HEAD', '/api/echo'],
    ['OPTIONS', '/api/echo'],
  ])('gets an empty 404: %s %s', async (method, path) => {
    const { status, body } = await rawRequest(host.port, path, { method });

    expect({ status, body }).toEqual({ status: 404, body: '' });
  });

  test('gets 400 when its path holds a NUL', async () => {
    expect((await rawRequest(host.port, '/api/echo/%00')).status).toBe(400);
  });
});
