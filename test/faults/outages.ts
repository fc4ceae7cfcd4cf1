import type { Answer } from '../shared/support/scriptedServer.ts';
import { body, close, drip, endless, hang, hangInBody, html, noHttp, reset } from './answers.ts';

/** What keeps any dependency from working for a while. */
export const outages: [name: string, fault: Answer][] = [
  ['closes connections', close],
  ['resets connections', reset],
  ['does not speak HTTP', noHttp],
  ['hangs', hang],
  ['hangs in the body', hangInBody],
  ['sends a byte at a time', drip],
  ['sends an endless body', endless],
  ['fails with 500', body(500, '')],
  ['fails with a page of a proxy', html(502)],
  ['is unavailable', body(503, '{}')],
  ['throttles', body(429, '{}')],
  ['throttles with Retry-After', body(429, '{}', { 'Retry-After': '3600' })],
  ['denies access', body(403, '{"error":{"code":"Forbidden","message":""}}')],
  ['succeeds with a page of a proxy', html(200)],
  ['succeeds with an empty object', body(200, '{}')],
  ['succeeds with null', body(200, 'null')],
  ['succeeds with nothing', body(200, '')],
];
