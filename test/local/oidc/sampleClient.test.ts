import { expect, test } from '@jest/globals';
import { isSampleRedirectUri } from '../../../local/oidc/sampleClient.ts';

test.each([
  'http://localhost:3000/',
  'http://127.0.0.1/callback',
  'http://[::1]:8080/a/b?c=d',
  'https://localhost/signed-in',
  'http://10.0.2.2:7072/callback',
  'com.example.app:/signed-in',
  'msauth.com.example.app://auth',
  'exp://192.168.1.7:8081',
])('a sign-in may end at %s', (uri) => {
  expect(isSampleRedirectUri(uri)).toBe(true);
});

test.each([
  'https://evil.example/',
  'http://localhost.evil.example/',
  'http://192.168.1.7/',
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'callback',
  '',
])('a sign-in may not end at %j', (uri) => {
  expect(isSampleRedirectUri(uri)).toBe(false);
});
