import { expect, test } from '@jest/globals';
import { decodePath } from '../../../local/functionsHost/requestPath.ts';

test.each([
  ['/api/8%3Aacs%3a1', '/api/8:acs:1'],
  ['/api/caf%C3%A9', '/api/café'],
  ['/api/%F0%9F%98%80', '/api/😀'],
  ['/api/a%20b+c', '/api/a b+c'],
  ['/api/a?b=%41', '/api/a'],
])('decodes %s', (target, path) => {
  expect(decodePath(target)).toBe(path);
});

test.each([
  '/api/a%2Fb',
  '/api/a%2fb',
  '/api/%',
  '/api/%zz',
  '/api/%4',
  '/api/%C3',
  '/api/%C3%28x',
  '/api/%FF%FE',
])('keeps %s as sent', (target) => {
  expect(decodePath(target)).toBe(target.replace('%28', '('));
});

test.each([
  ['/api/./users', '/api/users'],
  ['/api/users/../health', '/api/health'],
  ['/api/users/%2E%2E/health', '/api/health'],
  ['/../../api', '/api'],
  ['/api/users/..', '/api/'],
])('removes the dot segments of %s', (target, path) => {
  expect(decodePath(target)).toBe(path);
});

test.each(['/api/%00', 'http://elsewhere/api', '*'])('rejects %s', (target) => {
  expect(decodePath(target)).toBeUndefined();
});
