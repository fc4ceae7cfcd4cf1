import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { parseBody } from './api.ts';
import { checkDocumented } from './checkDocumented.ts';

const tokenRequest = '{"scopes":["chat"],"expiresInMinutes":60}';
const json = { 'Content-Type': 'application/json' };

interface Form {
  method?: string;
  query?: string;
  version?: '1.0' | '1.1';
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** No Content-Length unless the headers have it. */
  withoutLength?: boolean;
}

/** The ways in which people and libraries send the same request: chat, for 60 minutes. */
const forms: [title: string, form: Form, expected: 'granted' | number, names?: string][] = [
  ['JSON with a length', { headers: json, body: tokenRequest }, 'granted'],
  [
    'JSON with a charset',
    { headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: tokenRequest },
    'granted',
  ],
  ['JSON with a byte order mark', { headers: json, body: `\ufeff${tokenRequest}` }, 'granted'],
  ['JSON over HTTP/1.0', { version: '1.0', headers: json, body: tokenRequest }, 'granted'],
  ['query, POST', { query: '?scope=chat&expiresInMinutes=60' }, 'granted'],
  ['query, GET', { method: 'GET', query: '?scope=chat&expiresInMinutes=60' }, 'granted'],
  ['query and body', { query: '?scope=chat', headers: json, body: '{"expiresInMinutes":60}' }, 'granted'],
  [
    'JSON in chunks',
    { headers: { ...json, 'Transfer-Encoding': 'chunked' }, body: chunked(tokenRequest) },
    411,
  ],
  [
    'chunks without a type',
    { headers: { 'Transfer-Encoding': 'chunked' }, body: chunked(tokenRequest) },
    411,
  ],
  ['JSON without a length', { headers: json, withoutLength: true }, 411],
  ['JSON without a length over HTTP/1.0', { version: '1.0', headers: json, withoutLength: true }, 411],
  [
    'a length and chunks',
    {
      headers: { ...json, 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      body: chunked(tokenRequest),
    },
    400,
  ],
  ['a body on GET', { method: 'GET', headers: json, body: tokenRequest }, 400, 'body'],
  [
    'chunks on GET',
    { method: 'GET', headers: { ...json, 'Transfer-Encoding': 'chunked' }, body: chunked(tokenRequest) },
    400,
    'body',
  ],
  [
    'gzip',
    { headers: { ...json, 'Content-Encoding': 'gzip' }, body: gzipSync(tokenRequest) },
    400,
    'Content-Encoding',
  ],
  ['gzip without Content-Encoding', { headers: json, body: gzipSync(tokenRequest) }, 400, 'body'],
  ['UTF-16', { headers: json, body: Buffer.from(tokenRequest, 'utf16le') }, 400, 'body'],
  [
    'a form',
    {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'scopes=chat&expiresInMinutes=60',
    },
    400,
    'Content-Type',
  ],
  ['text', { headers: { 'Content-Type': 'text/plain' }, body: tokenRequest }, 400, 'Content-Type'],
  ['no type', { body: tokenRequest }, 400, 'Content-Type'],
  ['JSON twice', { headers: json, body: tokenRequest + tokenRequest }, 400, 'body'],
  ['JSON in an array', { headers: json, body: `[${tokenRequest}]` }, 400, 'body'],
  ['JSON in a string', { headers: json, body: JSON.stringify(tokenRequest) }, 400, 'body'],
  [
    'fields in Pascal case',
    { headers: json, body: '{"Scopes":["chat"],"ExpiresInMinutes":60}' },
    400,
    'Scopes',
  ],
  [
    'scope instead of scopes',
    { headers: json, body: '{"scope":["chat"],"expiresInMinutes":60}' },
    400,
    'scope',
  ],
  ['fields one level down', { headers: json, body: `{"options":${tokenRequest}}` }, 400, 'options'],
  [
    'a scope in Pascal case',
    { headers: json, body: '{"scopes":["Chat"],"expiresInMinutes":60}' },
    400,
    'scopes[0]',
  ],
  [
    'minutes as text',
    { headers: json, body: '{"scopes":["chat"],"expiresInMinutes":"60"}' },
    400,
    'expiresInMinutes',
  ],
  ...[
    ['Scope=chat&expiresInMinutes=60', 'Scope'],
    ['SCOPE=chat&expiresInMinutes=60', 'SCOPE'],
    ['scopes=chat&expiresInMinutes=60', 'scopes'],
    ['scope[]=chat&expiresInMinutes=60', 'scope[]'],
    ['scope%5B%5D=chat&expiresInMinutes=60', 'scope[]'],
    ['scope[0]=chat&expiresInMinutes=60', 'scope[0]'],
    ['scope=chat&expiresinminutes=60', 'expiresinminutes'],
    ['scope=chat&ExpiresInMinutes=60', 'ExpiresInMinutes'],
    ['scope=chat&expires_in_minutes=60', 'expires_in_minutes'],
    ['scope=chat&Scope=voip&expiresInMinutes=60', 'Scope'],
    ['scope=chat&expiresInMinutes=60&x=1', 'x'],
  ].flatMap(([query, field]): typeof forms => [
    [`GET ?${query}`, { method: 'GET', query: `?${query}` }, 400, field ?? ''],
    [`POST ?${query}`, { query: `?${query}` }, 400, field ?? ''],
  ]),
];

describe.each(['function-key', 'oidc'] as const)('with CALLER_AUTH=%s', (callers) => {
  let service: LocalService;
  let headers: Record<string, string>;
  let userId: string;

  beforeAll(async () => {
    service = await startLocalService({
      app: '.',
      port: 0,
      callers,
      settings: () => ({ CALLER_REQUESTS_PER_MINUTE: '0' }),
    });
    headers = {};
    userId = 'me';
    if (service.signIn === undefined) {
      const created = JSON.parse((await send(service, 'users', {})).body) as Created;
      userId = created.user.communicationUserId;
    } else {
      headers = { Authorization: `Bearer ${await service.signIn.provider.tokenFor('alice')}` };
    }
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    service.azure.acs.requests.reset();
  });

  describe.each(['createUser', 'issueToken'])('%s', (operation) => {
    const path = () => (operation === 'createUser' ? 'users' : `users/${userId}/token`);

    test.each(
      forms
        .filter(([, form]) => operation === 'issueToken' || form.method !== 'GET')
        // A row with fewer columns than parameters would make jest wait for a callback.
        .map(([title, form, expected, field = '']) => [title, form, expected, field] as const),
    )('issues exactly the requested token, or none: %s', async (_title, form, expected, field) => {
      const response = await send(service, path(), { ...form, headers: { ...headers, ...form.headers } });

      if (expected === 'granted') {
        expect(response.status).toBeLessThan(300);
        const { token, expiresOn } = JSON.parse(response.body) as Created;
        expect(decodeJwt(token)).toMatchObject({ acsScope: 'chat' });
        expect(Math.round((Date.parse(expiresOn) - Date.now()) / 60_000)).toBe(60);
      } else {
        expect(response.status).toBe(expected);
        if (field !== '') {
          expect(JSON.parse(response.body)).toMatchObject({
            errors: expect.arrayContaining([{ path: field, message: expect.any(String) }]),
          });
        }
        if (expected === 411) {
          expect(JSON.parse(response.body)).toMatchObject({
            code: 'length_required',
            detail: expect.stringContaining('Content-Length'),
          });
        }
        expect(service.azure.acs.requests.toJSON()).toEqual({});
      }
    });
  });

  test('createUser rejects an expiry without scopes, in the body and in the query', async () => {
    const body = await send(service, 'users', {
      headers: { ...headers, ...json },
      body: '{"expiresInMinutes":60}',
    });
    const query = await send(service, 'users', { headers, query: '?expiresInMinutes=60' });

    for (const response of [body, query]) {
      expect(response.status).toBe(400);
      expect(JSON.parse(response.body)).toMatchObject({ errors: [{ path: 'expiresInMinutes' }] });
    }
    expect(service.azure.acs.requests.toJSON()).toEqual({});
  });

  test.each(['', '/token'])('DELETE users/{userId}%s rejects a body and parameters', async (rest) => {
    const target = `users/${userId}${rest}`;
    const body = await send(service, target, {
      method: 'DELETE',
      headers: { ...headers, ...json },
      body: tokenRequest,
    });
    const query = await send(service, target, { method: 'DELETE', headers, query: '?scope=chat' });

    expect([body.status, query.status]).toEqual([400, 400]);
    expect(service.azure.acs.requests.toJSON()).toEqual({});
  });
});

interface Created {
  user: { communicationUserId: string };
  token: string;
  expiresOn: string;
}

function chunked(content: string): string {
  return `${Buffer.byteLength(content).toString(16)}\r\n${content}\r\n0\r\n\r\n`;
}

/** Writes the request byte for byte; no client library can send some of these. The response is as openapi.json says. */
async function send(
  { url }: LocalService,
  path: string,
  { method = 'POST', query = '', version = '1.1', headers = {}, body = '', withoutLength = false }: Form,
): Promise<{ status: number; body: string }> {
  const { hostname, port, host } = new URL(url);
  const framed = withoutLength || 'Transfer-Encoding' in headers || body.length === 0;
  const lines = {
    Host: host,
    Connection: 'close',
    ...headers,
    ...(framed ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const socket = connect(Number(port), hostname);
  socket.write(
    `${method} /api/${path}${query} HTTP/${version}\r\n${Object.entries(lines)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  );
  socket.write(body);
  socket.setTimeout(20_000, () => socket.destroy(new Error('The service did not respond.')));
  const answer = await text(socket);
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const content = rest.join('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  const received = /^transfer-encoding: chunked/im.test(head)
    ? content.replace(/^[0-9a-f]+\r\n|\r\n0\r\n.*$/gs, '')
    : content;
  const responseHeaders = new Headers(
    head
      .split('\r\n')
      .slice(1)
      .map((line): [string, string] => [line.replace(/:.*/, ''), line.replace(/^[^:]*: */, '')]),
  );
  checkDocumented(method, path, { status, headers: responseHeaders, body: parseBody(received) });
  return { status, body: received };
}
