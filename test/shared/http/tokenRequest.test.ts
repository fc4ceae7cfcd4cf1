import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TokenPolicy, TokenRequest } from '../../../shared/http/contract.ts';
import type { ServiceError } from '../../../shared/errors.ts';
import {
  readNewUser,
  readOnlyUserId,
  readTokenOptions,
  readTokenRequest,
  readUserId,
} from '../../../shared/http/tokenRequest.ts';
import { request } from '../support/request.ts';
import { policies, validRequest } from '../support/tokenRequests.ts';

const policy: TokenPolicy = {
  allowedScopes: ['chat', 'voip'],
  defaultScopes: ['chat'],
  maxExpiryMinutes: 1440,
  defaultExpiryMinutes: 720,
  expirySpreadPercent: 0,
};
const guid = '01234567-89ab-cdef-0123-456789abcdef';
const userId = `8:acs:${guid}_${guid}`;
const bounds = 'must be a whole number from 60 to 1440';

/** A policy and a request that it allows. */
const allowedRequests = policies.chain((anyPolicy) =>
  fc.tuple(fc.constant(anyPolicy), validRequest(anyPolicy)),
);

function bodyOf(value: unknown) {
  return request({ body: typeof value === 'string' ? value : JSON.stringify(value) });
}

function queryOf({ scopes, expiresInMinutes }: TokenRequest, separator = ','): string {
  const query = new URLSearchParams();
  if (scopes) query.set('scope', scopes.join(separator));
  if (expiresInMinutes !== undefined) query.set('expiresInMinutes', String(expiresInMinutes));
  return `?${query.toString()}`;
}

/** The fields that an error names, without their indices. */
function namedFields(error: unknown): string[] {
  const { errors = [] } = error as ServiceError;
  return [...new Set(errors.map(({ path }) => path.replace(/^scopes\[.*/, 'scopes')))];
}

describe('an allowed request', () => {
  test('is read from the body', async () => {
    await fc.assert(
      fc.asyncProperty(allowedRequests, async ([anyPolicy, tokenRequest]) => {
        const read = await readTokenRequest(bodyOf(tokenRequest), anyPolicy);

        expect(read).toEqual(tokenRequest);
      }),
    );
  });

  test('is read from the query, by GET and by POST, with any separator', async () => {
    const separators = fc.constantFrom(',', ' ', ', ', ' , ', '\t');

    await fc.assert(
      fc.asyncProperty(
        allowedRequests,
        fc.constantFrom('GET', 'POST'),
        separators,
        async ([anyPolicy, tokenRequest], method, separator) => {
          const read = await readTokenRequest(
            request({ method, query: queryOf(tokenRequest, separator) }),
            anyPolicy,
          );

          expect(read).toEqual(tokenRequest);
        },
      ),
    );
  });

  test('is read from body and query together', async () => {
    await fc.assert(
      fc.asyncProperty(
        allowedRequests,
        fc.boolean(),
        async ([anyPolicy, { scopes, expiresInMinutes }], swap) => {
          const parts = [scopes && { scopes }, expiresInMinutes !== undefined && { expiresInMinutes }].map(
            (part) => (typeof part === 'object' ? part : {}),
          );
          const [inBody = {}, inQuery = {}] = swap ? parts.reverse() : parts;

          const read = await readTokenRequest(
            request({ query: queryOf(inQuery), body: JSON.stringify(inBody) }),
            anyPolicy,
          );

          expect(read).toEqual({ ...inBody, ...inQuery });
        },
      ),
    );
  });

  test('may be empty', async () => {
    const read = await Promise.all([
      readTokenRequest(request(), policy),
      readTokenRequest(request({ headers: {} }), policy),
      readTokenRequest(request({ method: 'GET' }), policy),
      readTokenRequest(bodyOf({}), policy),
    ]);

    expect(read).toEqual([{}, {}, {}, {}]);
  });

  test('may repeat the scope parameter', async () => {
    const read = await readTokenRequest(request({ method: 'GET', query: '?scope=chat&scope=voip' }), policy);

    expect(read).toEqual({ scopes: ['chat', 'voip'] });
  });

  test('may have the parameters of the Functions host and of API Management', async () => {
    const query = '?code=key&clientId=default&subscription-key=key';

    const read = await readTokenRequest(request({ query }), policy);

    expect(read).toEqual({});
  });
});

describe('a rejected body', () => {
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
    const read = readTokenRequest(bodyOf(body), policy);

    await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path, message }] });
  });

  test('is answered with every error', async () => {
    const wrong = { scopes: ['chat', 'pstn'], expiresInMinutes: 59, user: 'a', token: 'b' };

    const read = readTokenRequest(bodyOf(wrong), policy);

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

  test('is answered with at most 20 errors', async () => {
    const scopes = Array.from({ length: 4000 }, () => 'x');

    const read = readTokenRequest(bodyOf({ scopes }), policy);

    await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: { length: 20 } });
  });
});

describe('a rejected query', () => {
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
    for (const method of ['GET', 'POST']) {
      const read = readTokenRequest(request({ method, query }), policy);

      await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path, message }] });
    }
  });

  test.each([
    ['?scope=chat', { scopes: ['voip'] }, 'scopes'],
    ['?scope=chat', { scopes: ['chat'] }, 'scopes'],
    ['?expiresInMinutes=60', { expiresInMinutes: 60 }, 'expiresInMinutes'],
  ])('%s conflicts with the same field in the body', async (query, body, path) => {
    const read = readTokenRequest(request({ query, body: JSON.stringify(body) }), policy);

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: 'must be in the body or in the query, not in both' }],
    });
  });

  test('is reported together with the errors of the body', async () => {
    const read = readTokenRequest(request({ query: '?scope=pstn', body: '{"expiresInMinutes":59}' }), policy);

    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'expiresInMinutes' }, { path: 'scope[0]' }],
    });
  });
});

describe('a request with one invalid field', () => {
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

  test('is rejected with that field named, whatever the other fields are', async () => {
    await fc.assert(
      fc.asyncProperty(allowedRequests, wrong, async ([anyPolicy, tokenRequest], { field, value }) => {
        // A computed key is an own key, even __proto__.
        const body = { ...tokenRequest, [field]: value };

        const error = await readTokenRequest(bodyOf(body), anyPolicy).catch((thrown: unknown) => thrown);

        expect(error).toMatchObject({ name: 'ServiceError', code: 'invalid_request' });
        expect(namedFields(error)).toEqual([field]);
      }),
    );
  });

  test('causes no error other than invalid_request', async () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('scopes', 'expiresInMinutes', '__proto__', 'x'), fc.jsonValue()),
    );
    const query = fc.webQueryParameters().map((text) => `?${text}`);

    await fc.assert(
      fc.asyncProperty(anything, query, async (value, parameters) => {
        const read = readTokenRequest(request({ query: parameters, body: JSON.stringify(value) }), policy);

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

describe('a request for a new user', () => {
  const alice = { subject: 'alice', tenantId: undefined };

  test.each([
    ['{}', { tokenOptions: undefined, appUser: undefined }],
    [
      '{"scopes":["voip"]}',
      { tokenOptions: { scopes: ['voip'], expiresInMinutes: 720 }, appUser: undefined },
    ],
    [
      '{"scopes":["voip"],"expiresInMinutes":60,"subject":"alice"}',
      { tokenOptions: { scopes: ['voip'], expiresInMinutes: 60 }, appUser: alice },
    ],
    ['{"subject":"alice"}', { tokenOptions: undefined, appUser: alice }],
    [
      `{"subject":"object","tenantId":"${guid}"}`,
      { tokenOptions: undefined, appUser: { subject: 'object', tenantId: guid } },
    ],
  ])('is read with the defaults of the policy: %s', async (body, expected) => {
    expect(await readNewUser(bodyOf(body), policy)).toEqual(expected);
  });

  test.each([
    ['{"expiresInMinutes":60}', '', 'expiresInMinutes'],
    ['{}', '?expiresInMinutes=60', 'expiresInMinutes'],
    [`{"tenantId":"${guid}"}`, '', 'tenantId'],
    ['{"subject":"object","tenantId":"tenant"}', '', 'tenantId'],
    [`{"subject":"object","tenantId":"${guid.toUpperCase()}"}`, '', 'tenantId'],
    ['{"subject":""}', '', 'subject'],
    ['{"subject":7}', '', 'subject'],
    ['{}', '?subject=alice', 'subject'],
  ])('is rejected when its body is %s and its query %j', async (body, query, path) => {
    await expect(readNewUser(request({ body, query }), policy)).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path }],
    });
  });
});

describe('a request that takes only a user id', () => {
  test('may have a function key', async () => {
    const read = await readOnlyUserId(request({ method: 'DELETE', userId, query: '?code=key' }));

    expect(read).toBe(userId);
  });

  test.each([
    ['a body', { body: '{}' }, 'body'],
    ['an announced body', { headers: { 'content-length': '2' } }, 'body'],
    ['a body in chunks', { headers: { 'transfer-encoding': 'chunked' } }, 'body'],
    ['a parameter of another route', { query: '?scope=chat' }, 'scope'],
  ])('is rejected with %s', async (_title, changes, path) => {
    const read = readOnlyUserId(request({ method: 'DELETE', userId, ...changes }));

    await expect(read).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });
});

test('a token request without fields gets the defaults of the policy', async () => {
  expect(await readTokenOptions(request({ headers: {} }), policy)).toEqual({
    scopes: ['chat'],
    expiresInMinutes: 720,
  });
});

describe('an expiry that nobody requests', () => {
  const readMany = async (anyPolicy: TokenPolicy): Promise<number[]> => {
    const reads = Array.from({ length: 500 }, () => readTokenOptions(request({ headers: {} }), anyPolicy));
    return (await Promise.all(reads)).map(({ expiresInMinutes }) => expiresInMinutes);
  };

  test('is spread over the share of the policy', async () => {
    const expiries = await readMany({ ...policy, defaultExpiryMinutes: 1440, expirySpreadPercent: 10 });

    expect(Math.min(...expiries)).toBeGreaterThanOrEqual(1296);
    expect(Math.min(...expiries)).toBeLessThan(1320);
    expect(Math.max(...expiries)).toBeGreaterThan(1416);
    expect(Math.max(...expiries)).toBeLessThanOrEqual(1440);
    expect(expiries.every(Number.isInteger)).toBe(true);
  });

  test('is never shorter than ACS allows', async () => {
    const expiries = await readMany({ ...policy, defaultExpiryMinutes: 70, expirySpreadPercent: 50 });

    expect(Math.min(...expiries)).toBe(60);
  });

  test('is kept when somebody requests it', async () => {
    const spread = { ...policy, expirySpreadPercent: 50 };
    const read = await readTokenOptions(request({ query: '?expiresInMinutes=1440' }), spread);

    expect(read.expiresInMinutes).toBe(1440);
  });
});

describe('the user id of the route', () => {
  test.each([userId, `8:gcch-acs:${guid}_${guid}`, 'me'])('may be %s', (id) => {
    const read = readUserId(request({ userId: id }));

    expect(read).toBe(id);
  });

  test.each([
    '',
    'Me',
    userId.replaceAll(guid, guid.toUpperCase()),
    userId.replaceAll(':', '%3A'),
    `${userId}/token`,
    `${userId}\n`,
  ])('must not be %.80j', (id) => {
    const read = () => readUserId(request({ userId: id }));

    expect(read).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [{ path: 'userId', message: expect.stringMatching('must be a communication user id') }],
      }),
    );
  });
});
