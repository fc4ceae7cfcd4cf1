import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TokenPolicy, TokenRequest } from '../../../shared/http/contract.ts';
import type { ServiceError } from '../../../shared/errors.ts';
import { readTokenRequest, readUserId } from '../../../shared/http/tokenRequest.ts';
import { request } from '../support/request.ts';
import { policies, validRequest } from '../support/tokenRequests.ts';

const limit: TokenPolicy = {
  allowedScopes: ['chat', 'voip'],
  defaultScopes: ['chat'],
  maxExpiryMinutes: 1440,
  defaultExpiryMinutes: 720,
};
const guid = '01234567-89ab-cdef-0123-456789abcdef';
const userId = `8:acs:${guid}_${guid}`;
const bounds = 'must be a whole number from 60 to 1440';

/** A deployment's limits and a request within them. */
const allowed = policies.chain((some) => fc.tuple(fc.constant(some), validRequest(some)));

function bodyOf(value: unknown) {
  return request({ body: typeof value === 'string' ? value : JSON.stringify(value) });
}

function queryOf({ scopes, expiresInMinutes }: TokenRequest, separator = ','): string {
  const query = new URLSearchParams();
  if (scopes) query.set('scope', scopes.join(separator));
  if (expiresInMinutes !== undefined) query.set('expiresInMinutes', String(expiresInMinutes));
  return `?${query.toString()}`;
}

/** The fields a fault names, without their indices. */
function namedFields(fault: unknown): string[] {
  const { errors = [] } = fault as ServiceError;
  return [...new Set(errors.map(({ path }) => path.replace(/^scopes\[.*/, 'scopes')))];
}

describe('a request that is allowed', () => {
  test('is read from the body', async () => {
    await fc.assert(
      fc.asyncProperty(allowed, async ([some, asked]) => {
        const read = await readTokenRequest(bodyOf(asked), some);

        expect(read).toEqual(asked);
      }),
    );
  });

  test('is read from the query, by GET and by POST, with any separator', async () => {
    const separator = fc.constantFrom(',', ' ', ', ', ' , ', '\t');

    await fc.assert(
      fc.asyncProperty(
        allowed,
        fc.constantFrom('GET', 'POST'),
        separator,
        async ([some, asked], method, by) => {
          const read = await readTokenRequest(request({ method, query: queryOf(asked, by) }), some);

          expect(read).toEqual(asked);
        },
      ),
    );
  });

  test('is read from both, each field from one', async () => {
    await fc.assert(
      fc.asyncProperty(allowed, fc.boolean(), async ([some, { scopes, expiresInMinutes }], swap) => {
        const parts = [scopes && { scopes }, expiresInMinutes !== undefined && { expiresInMinutes }].map(
          (part) => (typeof part === 'object' ? part : {}),
        );
        const [inBody = {}, inQuery = {}] = swap ? parts.reverse() : parts;

        const read = await readTokenRequest(
          request({ query: queryOf(inQuery), body: JSON.stringify(inBody) }),
          some,
        );

        expect(read).toEqual({ ...inBody, ...inQuery });
      }),
    );
  });

  test('may ask for nothing', async () => {
    const read = await Promise.all([
      readTokenRequest(request(), limit),
      readTokenRequest(request({ headers: {} }), limit),
      readTokenRequest(request({ method: 'GET' }), limit),
      readTokenRequest(bodyOf({}), limit),
    ]);

    expect(read).toEqual([{}, {}, {}, {}]);
  });

  test('may repeat the parameter', async () => {
    const read = await readTokenRequest(request({ method: 'GET', query: '?scope=chat&scope=voip' }), limit);

    expect(read).toEqual({ scopes: ['chat', 'voip'] });
  });

  test('may have the parameters of the Functions host and of API Management', async () => {
    const query = '?code=key&clientId=default&subscription-key=key';

    const read = await readTokenRequest(request({ query }), limit);

    expect(read).toEqual({});
  });
});

describe('a body that is refused', () => {
  test.each([
    ['null', 'body', 'must be a JSON object'],
    ['[]', 'body', 'must be a JSON object'],
    ['[{"scopes":["chat"]}]', 'body', 'must be a JSON object'],
    ['"chat"', 'body', 'must be a JSON object'],
    ['60', 'body', 'must be a JSON object'],
    ['true', 'body', 'must be a JSON object'],
    ['{"scope":["chat"]}', 'scope', 'is not a known field'],
    ['{"Scopes":["chat"]}', 'Scopes', 'is not a known field'],
    ['{"":1}', '', 'is not a known field'],
    ['{"__proto__":{"scopes":["chat"]}}', '__proto__', 'is not a known field'],
    ['{"constructor":{"prototype":{}}}', 'constructor', 'is not a known field'],
    ['{"toString":1}', 'toString', 'is not a known field'],
    ['{"scopes":null}', 'scopes', 'must be an array of scopes'],
    ['{"scopes":"chat"}', 'scopes', 'must be an array of scopes'],
    ['{"scopes":{"0":"chat","length":1}}', 'scopes', 'must be an array of scopes'],
    ['{"scopes":[]}', 'scopes', 'must name at least one scope'],
    ['{"scopes":["chat","chat"]}', 'scopes', 'must name each scope only once'],
    ['{"scopes":["chat","pstn"]}', 'scopes[1]', 'must be one of chat, voip'],
    ['{"scopes":["voip.join"]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"scopes":["Chat"]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"scopes":["chat "]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"scopes":["chat,voip"]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"scopes":[null]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"scopes":[["chat"]]}', 'scopes[0]', 'must be one of chat, voip'],
    ['{"expiresInMinutes":null}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":59}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":1441}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":60.5}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":"60"}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":0}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":-60}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":1e400}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":[60]}', 'expiresInMinutes', bounds],
    ['{"expiresInMinutes":true}', 'expiresInMinutes', bounds],
  ])('%s', async (body, path, message) => {
    const read = readTokenRequest(bodyOf(body), limit);

    await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path, message }] });
  });

  test('names everything that is wrong with it', async () => {
    const wrong = { scopes: ['chat', 'pstn'], expiresInMinutes: 59, user: 'a', token: 'b' };

    const read = readTokenRequest(bodyOf(wrong), limit);

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: expect.arrayContaining(
        ['scopes[1]', 'expiresInMinutes', 'user', 'token'].map((path) => ({
          path,
          message: expect.any(String),
        })),
      ),
    });
  });

  test('names no more than twenty things', async () => {
    const scopes = Array.from({ length: 4000 }, () => 'x');

    const read = readTokenRequest(bodyOf({ scopes }), limit);

    await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: { length: 20 } });
  });

  test.each([['['], ['{"scopes":['], ['{"x":[']])('however deep it is: %s…', async (opening) => {
    const depth = 8000;
    const closing = opening.startsWith('{') ? '}' : '';
    const body = opening + '['.repeat(depth) + ']'.repeat(depth + 1) + closing;

    const read = readTokenRequest(bodyOf(body), limit);

    await expect(read).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('a query that is refused', () => {
  test.each([
    ['?scope=', 'scope', 'must name at least one scope'],
    ['?scope=,%20,', 'scope', 'must name at least one scope'],
    ['?scope=chat,chat', 'scope', 'must name each scope only once'],
    ['?scope=chat&scope=chat', 'scope', 'must name each scope only once'],
    ['?scope=chat&scope=pstn', 'scope[1]', 'must be one of chat, voip'],
    ['?scope=chat;voip', 'scope[0]', 'must be one of chat, voip'],
    ['?scope=chat%00', 'scope[0]', 'must be one of chat, voip'],
    ['?scopes=chat', 'scopes', 'is not a known parameter: use scope'],
    ['?Scope=chat', 'Scope', 'is not a known parameter: use scope'],
    ['?scope[]=chat', 'scope[]', 'is not a known parameter: use scope'],
    ['?scope[0]=chat', 'scope[0]', 'is not a known parameter: use scope'],
    ['?expiresinminutes=60', 'expiresinminutes', 'is not a known parameter: use expiresInMinutes'],
    ['?utm=x', 'utm', 'is not a known parameter'],
    ['?Code=key', 'Code', 'is not a known parameter: use code'],
    ['?expiresInMinutes=', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=59', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=1441', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=60.5', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=6e1', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=0x3c', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=-60', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=%2060', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=60&expiresInMinutes=60', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=60,60', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=NaN', 'expiresInMinutes', bounds],
    ['?expiresInMinutes=99999999999', 'expiresInMinutes', bounds],
  ])('%s', async (query, path, message) => {
    const read = ['GET', 'POST'].map((method) => readTokenRequest(request({ method, query }), limit));

    const fault = { code: 'invalid_request', errors: [{ path, message }] };
    for (const refused of read) await expect(refused).rejects.toMatchObject(fault);
  });

  test.each([
    ['?scope=chat', { scopes: ['voip'] }, 'scopes'],
    ['?scope=chat', { scopes: ['chat'] }, 'scopes'],
    ['?expiresInMinutes=60', { expiresInMinutes: 60 }, 'expiresInMinutes'],
  ])('%s beside the same field in the body', async (query, body, path) => {
    const read = readTokenRequest(request({ query, body: JSON.stringify(body) }), limit);

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: 'must be in the body or in the query, not in both' }],
    });
  });

  test('is named beside what is wrong with the body', async () => {
    const read = readTokenRequest(request({ query: '?scope=pstn', body: '{"expiresInMinutes":59}' }), limit);

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'expiresInMinutes' }, { path: 'scope[0]' }],
    });
  });
});

describe('a request with one thing wrong', () => {
  const notScopes = fc.jsonValue().filter((value) => !Array.isArray(value));
  const notMinutes = fc.jsonValue().filter((value) => typeof value !== 'number');
  const unknown = fc
    .string({ unit: 'binary' })
    .filter((key) => !['scopes', 'expiresInMinutes'].includes(key));
  const outside = fc.oneof(
    fc.integer({ max: 59 }),
    fc.integer({ min: 1441 }),
    fc.double({ min: 60.1, max: 1439.9, noInteger: true }),
  );

  const wrong = fc.oneof(
    notScopes.map((value) => ({ field: 'scopes', value })),
    notMinutes.map((value) => ({ field: 'expiresInMinutes', value })),
    outside.map((value) => ({ field: 'expiresInMinutes', value })),
    fc.tuple(unknown, fc.jsonValue()).map(([field, value]) => ({ field, value })),
  );

  test('is refused with the field named, whatever else it asks for', async () => {
    await fc.assert(
      fc.asyncProperty(allowed, wrong, async ([some, asked], { field, value }) => {
        // A computed key is an own key, even __proto__.
        const body = { ...asked, [field]: value };

        const refused = await readTokenRequest(bodyOf(body), some).catch((error: unknown) => error);

        expect(refused).toMatchObject({ name: 'ServiceError', code: 'invalid_request' });
        expect(namedFields(refused)).toEqual([field]);
      }),
    );
  });

  test('is never answered with anything but a fault', async () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('scopes', 'expiresInMinutes', '__proto__', 'x'), fc.jsonValue()),
    );
    const query = fc.webQueryParameters().map((text) => `?${text}`);

    await fc.assert(
      fc.asyncProperty(anything, query, async (value, parameters) => {
        const read = readTokenRequest(request({ query: parameters, body: JSON.stringify(value) }), limit);

        const outcome = await read.then(
          () => 'accepted',
          (error: unknown) => error,
        );

        if (outcome !== 'accepted')
          expect(outcome).toMatchObject({ name: 'ServiceError', code: 'invalid_request' });
      }),
    );
  });
});

describe('the user a route names', () => {
  test.each([userId, `8:gcch-acs:${guid}_${guid}`, 'me'])('may be %s', (id) => {
    const read = readUserId(request({ userId: id }));

    expect(read).toBe(id);
  });

  test.each([
    '',
    'Me',
    userId.replaceAll(guid, guid.toUpperCase()),
    userId.replace('acs', 'ACS'),
    'me ',
    guid,
    userId.slice(2),
    userId.replaceAll(':', '%3A'),
    userId.replaceAll(':', '%253A'),
    userId.replace('8:', '28:'),
    userId.replace('_', '/'),
    `${userId}/token`,
    `${userId}%2Ftoken`,
    `${userId}/../${userId}`,
    `${userId}?api-version=2023-10-01`,
    `${userId}\n`,
    `\n${userId}`,
    `${userId}\0`,
    ` ${userId}`,
    userId.replace('a', 'а'),
    userId.replaceAll(':', '：'),
    userId.replaceAll('0', '٠'),
    `${userId},${userId}`,
    userId.repeat(1000),
    'a'.repeat(100_000),
  ])('must not be %.80j', (id) => {
    const read = () => readUserId(request({ userId: id }));

    expect(read).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [{ path: 'userId', message: expect.stringMatching('must be a communication user id') }],
      }),
    );
  });

  test('must not be missing', () => {
    const read = () => readUserId(request());

    expect(read).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [{ path: 'userId', message: expect.any(String) }],
      }),
    );
  });
});
