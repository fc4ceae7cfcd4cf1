import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { parseConnectionString } from '../../../shared/keyVault/connectionString.ts';
import { ServiceError } from '../../../shared/errors.ts';

const key = randomBytes(64).toString('base64');
const endpoint = 'https://name.communication.azure.com/';
const keys = fc
  .uint8Array({ minLength: 24, maxLength: 66 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

function parseError(text: string): ServiceError | undefined {
  try {
    parseConnectionString(text);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

test.each([
  ['as the portal shows it', `endpoint=${endpoint};accesskey=${key}`],
  ['without the slash', `endpoint=https://name.communication.azure.com;accesskey=${key}`],
  ['with names in other cases', `Endpoint=${endpoint};AccessKey=${key}`],
  ['the other way round', `accesskey=${key};endpoint=${endpoint}`],
  ['ending with a semicolon', `endpoint=${endpoint};accesskey=${key};`],
  ['with blanks and a line break around', ` endpoint = ${endpoint} ; accesskey = ${key} ;\r\n`],
  ['with the default port', `endpoint=https://name.communication.azure.com:443/;accesskey=${key}`],
])('is accepted %s', (_title, text) => {
  const parsed = parseConnectionString(text);

  expect(parsed).toEqual({ endpoint, accessKey: key });
});

test.each(['http://127.0.0.1:8080/', 'http://localhost:8080/', 'http://[::1]:8080/', 'https://127.0.0.1:1/'])(
  'accepts an emulator on loopback: %s',
  (local) => {
    const parsed = parseConnectionString(`endpoint=${local};accesskey=${key}`);

    expect(parsed).toEqual({ endpoint: local, accessKey: key });
  },
);

test('returns the endpoint and the key that the string was made of', () => {
  fc.assert(
    fc.property(fc.domain(), keys, (domain, accessKey) => {
      const parsed = parseConnectionString(`endpoint=https://${domain}/;accesskey=${accessKey}`);

      expect(parsed).toEqual({ endpoint: `https://${domain}/`, accessKey });
    }),
  );
});

test.each([
  ['nothing', '', 'it must be'],
  ['a bare key', key, 'it must be'],
  ['an unresolved Key Vault reference', '@Microsoft.KeyVault(SecretUri=https://v/secrets/s)', 'it must be'],
  ['no key', `endpoint=${endpoint}`, 'it must be'],
  ['an empty key', `endpoint=${endpoint};accesskey=`, 'it must be'],
  ['no endpoint', `accesskey=${key}`, 'it must be'],
  ['an empty endpoint', `endpoint=;accesskey=${key}`, 'it must be'],
  ['another field', `endpoint=${endpoint};accesskey=${key};EntityPath=x`, 'it must be'],
  ['two keys', `endpoint=${endpoint};accesskey=${key};AccessKey=${key}`, 'a field twice'],
  ['two endpoints', `endpoint=${endpoint};endpoint=${endpoint};accesskey=${key}`, 'a field twice'],
  ['an endpoint that is no URL', `endpoint=name.communication.azure.com;accesskey=${key}`, 'not a URL'],
  ['http to another host', `endpoint=http://name.example.net/;accesskey=${key}`, 'must be https'],
  [
    'http to a host that looks like loopback',
    `endpoint=http://127.0.0.1.example.net/;accesskey=${key}`,
    'must be https',
  ],
  ['another protocol', `endpoint=ftp://localhost/;accesskey=${key}`, 'must be https'],
  ['a path', `endpoint=${endpoint}identities;accesskey=${key}`, 'without a path'],
  ['a query', `endpoint=${endpoint}?a=b;accesskey=${key}`, 'without a path'],
  ['a fragment', `endpoint=${endpoint}#a;accesskey=${key}`, 'without a path'],
  ['a user', `endpoint=https://user@name.example.net/;accesskey=${key}`, 'without a path'],
  ['a password', `endpoint=https://:password@name.example.net/;accesskey=${key}`, 'without a path'],
  ['a key with other characters', `endpoint=${endpoint};accesskey=${key.slice(0, 84)}!abc`, 'not base64'],
  ['a key cut short', `endpoint=${endpoint};accesskey=${key.slice(0, 81)}`, 'not base64'],
  ['a key in base64url', `endpoint=${endpoint};accesskey=${'ab-_'.repeat(20)}`, 'not base64'],
  ['a key in quotes', `endpoint=${endpoint};accesskey="${key}"`, 'not base64'],
])('is misconfigured with %s', (_title, text, reason) => {
  const error = parseError(text);

  expect(error).toMatchObject({ code: 'misconfigured', operatorHint: expect.stringContaining(reason) });
  expect(error?.operatorHint).toContain('ACS_CONNECTION_STRING_SECRET');
});

describe('the error', () => {
  test('contains no part of the access key, wherever the key stands', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', ';', '=', '://', ' ', '\n', '"'),
    );
    const templates = fc.constantFrom<(secret: string, before: string, after: string) => string>(
      (secret, before, after) => `${before}${secret}${after}`,
      (secret, before, after) => `endpoint=${before};accesskey=${secret}${after}`,
      (secret, before, after) => `endpoint=https://${before}/;accesskey=${secret}!${after}`,
      (secret, before) => `endpoint=${secret};accesskey=${before}`,
      (secret, before) => `endpoint=https://${secret}/${before};accesskey=${secret}`,
      (secret, before) => `endpoint=https://name.example.net/${before}${secret};accesskey=${secret}`,
      (secret) => `endpoint=http://name.example.net/;accesskey=${secret}`,
      (secret) => `endpoint=https://${secret}@name.example.net/;accesskey=${secret}`,
      (secret, before) => `endpoint=${endpoint};accesskey=${secret};${before}=${secret}`,
      (secret) => `endpoint=${endpoint};accesskey=${secret};accesskey=${secret}`,
      (secret) => `endpoint=${endpoint};${secret}=${secret}`,
      (secret) => `endpoint=${endpoint};accesskey='${secret}'`,
    );
    let rejections = 0;

    fc.assert(
      fc.property(keys, noise, noise, templates, (secret, before, after, insert) => {
        const error = parseError(insert(secret, before, after));
        if (error === undefined) return;

        rejections += 1;
        const shown = [
          error.message,
          error.operatorHint,
          JSON.stringify(error),
          inspect(error, { depth: null, showHidden: true }),
        ].join('\n');
        const parts = Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6));
        expect(parts.filter((part) => shown.includes(part))).toEqual([]);
      }),
      { numRuns: 300 },
    );

    expect(rejections).toBeGreaterThan(200);
  });
});
