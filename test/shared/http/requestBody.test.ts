import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readJsonBody } from '../../../shared/http/requestBody.ts';
import { request } from '../support/request.ts';

const LIMIT = 16_384;
const json = { 'content-type': 'application/json' };

/** A JSON text of that many bytes. */
function jsonOf(bytes: number): string {
  return `"${'a'.repeat(bytes - 2)}"`;
}

describe('a JSON body', () => {
  test('is parsed to the value it was written from', async () => {
    // JSON.parse gives back -0 as it is, and an own key __proto__ that toEqual does not see.
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 0, max: 2 }), async (value, indent) => {
        const body = JSON.stringify(value, null, indent);

        const read = await readJsonBody(request({ body }));

        expect(JSON.stringify(read)).toBe(JSON.stringify(value));
      }),
    );
  });

  test.each<[string, Record<string, string>]>([
    ['not announced', {}],
    ['announced as empty', { 'content-type': 'application/json', 'content-length': '0' }],
    ['announced as empty text', { 'content-type': 'text/plain', 'content-length': '0' }],
  ])('that is %s is an empty object', async (_title, headers) => {
    const read = await readJsonBody(request({ headers }));

    expect(read).toEqual({});
  });

  test.each<[string, Record<string, string>]>([
    ['in chunks', { 'transfer-encoding': 'chunked' }],
    ['in chunks, with a length', { 'transfer-encoding': 'chunked', 'content-length': '0' }],
    ['by its type', { 'content-type': 'application/json' }],
    ['by its encoding', { 'content-encoding': 'gzip' }],
    ['by its length', { 'content-length': '2' }],
  ])('that is announced %s and does not arrive is length_required', async (_title, headers) => {
    const read = readJsonBody(request({ headers }));

    await expect(read).rejects.toMatchObject({
      code: 'length_required',
      message: expect.stringContaining('PostAsJsonAsync'),
    });
  });

  test.each(['gzip', 'br', 'identity, gzip'])('must not be encoded as %s', async (encoding) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };

    const read = readJsonBody(request({ headers, body: '{}' }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'Content-Encoding' }],
    });
  });

  test('is parsed when it is deeply nested', async () => {
    const read = await readJsonBody(request({ body: '['.repeat(LIMIT / 2) + ']'.repeat(LIMIT / 2) }));

    expect(Array.isArray(read)).toBe(true);
  });

  test('may begin with a byte order mark', async () => {
    const read = await readJsonBody(request({ body: '\ufeff{"scopes":["chat"]}' }));

    expect(read).toEqual({ scopes: ['chat'] });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON ; charset="utf-8"',
  ])('is accepted with Content-Type %s', async (type) => {
    const read = await readJsonBody(request({ headers: { 'content-type': type }, body: '{}' }));

    expect(read).toEqual({});
  });

  test.each([
    '',
    'text/plain',
    'application/jsonp',
    'text/plain, application/json',
    'application/problem+json',
    'text/json',
    'multipart/form-data',
  ])('is rejected with Content-Type %j', async (type) => {
    const read = readJsonBody(request({ headers: { 'content-type': type }, body: '{}' }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'Content-Type', message: 'must be application/json' }],
    });
  });

  test('is rejected without a Content-Type', async () => {
    const read = readJsonBody(request({ headers: {}, body: '{}' }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'Content-Type' }],
    });
  });
});

describe('the length of a body', () => {
  test(`may be ${LIMIT} bytes`, async () => {
    const read = await readJsonBody(request({ body: jsonOf(LIMIT) }));

    expect(read).toHaveLength(LIMIT - 2);
  });

  test('is counted in bytes, not in characters', async () => {
    const read = readJsonBody(request({ body: `"${'é'.repeat(LIMIT / 2)}"` }));

    await expect(read).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  test.each([
    ['without Content-Length', json],
    ['when Content-Length is smaller', { ...json, 'content-length': '2' }],
    ['when Content-Length is not a number', { ...json, 'content-length': 'short' }],
    ['whatever its Content-Type', { 'content-type': 'text/plain' }],
  ])(`must not be ${LIMIT + 1} bytes, %s`, async (_title, headers) => {
    const read = readJsonBody(request({ headers, body: jsonOf(LIMIT + 1) }));

    await expect(read).rejects.toMatchObject({ code: 'payload_too_large', errors: undefined });
  });

  test('is rejected unread when Content-Length is over the limit', async () => {
    const long = request({ headers: { ...json, 'content-length': String(LIMIT + 1) }, body: '{}' });

    await expect(readJsonBody(long)).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(long.bodyUsed).toBe(false);
  });
});

describe('a body that is not JSON', () => {
  test.each([
    '{',
    '{}{}',
    '{"scopes":["chat"],}',
    "{'scopes':['chat']}",
    '{scopes:["chat"]}',
    '{"expiresInMinutes":NaN}',
    '{"expiresInMinutes":060}',
    '// comment\n{}',
    'undefined',
    ' ',
    '\0',
    '\ufeff\ufeff{}',
    '['.repeat(LIMIT),
    '{"a":'.repeat(LIMIT / 5),
    'scopes=chat',
  ])('is rejected: %.30j', async (body) => {
    const read = readJsonBody(request({ body }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'body', message: 'must be JSON' }],
    });
  });

  test.each([
    ['a cut sequence', [0x22, 0xc3, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a lone surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['Latin-1', [0x22, 0xe9, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])('is rejected when it is not UTF-8: %s', async (_title, bytes) => {
    const read = readJsonBody(request({ body: Uint8Array.from(bytes) }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'body', message: 'must be JSON in UTF-8' }],
    });
  });

  test('causes no error other than invalid_request', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.string({ minLength: 1 }),
      fc.json().map((text) => `{${text}`),
    );

    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const read = readJsonBody(request({ body }));

        await read.catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'ServiceError', code: 'invalid_request' });
        });
      }),
    );
  });
});

describe('a repeated key', () => {
  test.each([
    ['{"scopes":["chat"],"scopes":["voip"]}', 'scopes'],
    ['{"scopes":["chat"],"sc\\u006fpes":["voip"]}', 'scopes'],
    ['{"\\u0073copes":1,"scopes":1}', 'scopes'],
    ['{"a":{"b":[1,{"c":"}"}]},"b":1,"a":2}', 'a'],
    ['{"a":"\\"}{","b":"\\\\","a":1}', 'a'],
    ['{"":1,"":1}', ''],
    ['{"__proto__":1,"__proto__":1}', '__proto__'],
    ['{"a" :1,\n"a"\t: 2}', 'a'],
  ])('is rejected in the outermost object: %s', async (body, path) => {
    const read = readJsonBody(request({ body }));

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: 'must appear only once' }],
    });
  });

  test.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":1},"b":{"a":1}}',
    '["a","a"]',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":1,\\"a\\":1"}',
    '{"a":1,"A":1}',
    '{"a:b":":"}',
    '":"',
  ])('is accepted elsewhere: %s', async (body) => {
    const read = await readJsonBody(request({ body }));

    expect(read).toEqual(JSON.parse(body));
  });

  test('is found at any position and with any escapes', async () => {
    const spelled = (key: string, escaped: boolean) =>
      escaped
        ? `"${[...Array(key.length).keys()].map((at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
        : JSON.stringify(key);
    const keys = fc.uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 6 });

    await fc.assert(
      fc.asyncProperty(keys, fc.nat(), fc.boolean(), fc.jsonValue(), async (names, at, escaped, value) => {
        const again = names[at % names.length] ?? '';
        const members = [
          ...names.map((name) => `${spelled(name, !escaped)}:${JSON.stringify(value)}`),
          `${spelled(again, escaped)}:0`,
        ];

        const read = readJsonBody(request({ body: `{${members.join(',')}}` }));

        await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path: again }] });
      }),
    );
  });
});
