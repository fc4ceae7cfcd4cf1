import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isLoopback } from '../../../shared/azure/loopback.ts';

const byte = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(byte, byte, byte, byte);
const asLoopback = (url: string) => isLoopback(new URL(url));

test.each([
  'http://localhost',
  'http://LOCALHOST:8080/path',
  'http://127.0.0.1',
  'http://127.255.255.254:1',
  'https://[::1]:8443/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f.0.0.1/',
  'http://017700000001/',
  'http://example.com@127.0.0.1/',
  'http://example.com:80@localhost/',
])('%s is loopback', (url) => {
  const loopback = asLoopback(url);

  expect(loopback).toBe(true);
});

test.each([
  'http://example.com',
  'http://127.0.0.1.example.com/',
  'http://localhost.example.com/',
  'http://notlocalhost/',
  'http://127.example.com/',
  'http://127.0.0.1@example.com/',
  'http://localhost:80@example.com/',
  'http://127.0.0.1%2eexample.com/',
  'http://example.com/127.0.0.1',
  'http://example.com?localhost',
  'http://example.com#localhost',
  'http://0.0.0.0/',
  'http://0/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::2]/',
  'http://128.0.0.1/',
  'http://10.0.0.127/',
  'http://[1::1]/',
  'file:///localhost',
])('%s is not loopback', (url) => {
  const loopback = asLoopback(url);

  expect(loopback).toBe(false);
});

test('an IPv4 address is loopback when it begins with 127, however it is written', () => {
  const hex = (part: number) => `0x${part.toString(16)}`;
  const octal = (part: number) => `0${part.toString(8)}`;
  const whole = (parts: number[]) => String(parts.reduce((sum, part) => sum * 256 + part, 0));
  const written = fc.constantFrom(
    (parts: number[]) => parts.join('.'),
    (parts: number[]) => parts.map(hex).join('.'),
    (parts: number[]) => parts.map(octal).join('.'),
    whole,
  );
  const first = fc.oneof(fc.constant(127), byte);

  fc.assert(
    fc.property(first, address, written, (network, [, ...host], write) => {
      const loopback = asLoopback(`http://${write([network, ...host])}:8080/`);

      expect(loopback).toBe(network === 127);
    }),
  );
});

test('no name below another domain is loopback', () => {
  const inner = fc.oneof(
    fc.constantFrom('localhost', 'ip6-localhost', '127.0.0.1', '127'),
    address.map((parts) => parts.join('.')),
  );

  fc.assert(
    fc.property(inner, fc.domain(), (name, domain) => {
      const loopback = asLoopback(`http://${name}.${domain}/`);

      expect(loopback).toBe(false);
    }),
  );
});

test('user info and path do not make a host loopback', () => {
  const decoy = fc.constantFrom('localhost', '127.0.0.1', 'localhost:80', 'user:127.0.0.1');

  fc.assert(
    fc.property(decoy, fc.domain(), (name, domain) => {
      const loopback = [
        `http://${name}@${domain}/`,
        `http://${domain}/${name}`,
        `http://${domain}/@${name}`,
        `http://${domain}?@${name}`,
        `http://${domain}#@${name}`,
        `http://${domain}\\@${name}`,
      ].map(asLoopback);

      expect(loopback).toEqual([false, false, false, false, false, false]);
    }),
  );
});
