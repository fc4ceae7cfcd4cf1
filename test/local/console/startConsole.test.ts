import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../../local/localService.ts';
import { type RawAnswer, rawRequest } from '../functionsHost/rawRequest.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

let service: LocalService;
let port: number;
let origin: string;
beforeAll(async () => {
  service = await startLocalService({ app: '.', port: 0, callers: 'oidc' });
  port = service.listing?.port ?? 0;
  origin = `http://localhost:${port}`;
});
afterAll(() => service.stop());

/** As the page itself sends it. */
function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<RawAnswer> {
  return rawRequest(port, path, { method, body, headers: { Host: `localhost:${port}`, ...headers } });
}

test('serves its page and no inline script or style', async () => {
  const { status, headers, body } = await send('GET', '/');

  expect(status).toBe(200);
  const policy = headers['content-security-policy'];
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';.* frame-ancestors 'none'$/,
  );
  expect(body).not.toMatch(/<style|style=|<script>|\son\w+=/);
});

test.each([
  ['a rebound name', { Host: 'rebound.example.com' }],
  ['a page of another site', { Origin: 'https://example.com' }],
  ['a page on another port of this machine', { Origin: 'http://localhost:3000' }],
  ['a sandboxed page', { Origin: 'null' }],
  ['an image of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }],
  ['a script of another port', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' }],
  [
    'a frame of another site',
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
  ],
  ['a tunnel', { 'X-Forwarded-For': '203.0.113.7' }],
  ['a tunnel of Cloudflare', { 'Cf-Connecting-Ip': '203.0.113.7' }],
])('rejects requests from %s', async (_source, headers) => {
  const answers = await Promise.all([
    send('GET', '/', headers),
    send('GET', '/console/requests', headers),
    send('POST', '/console/sign-in/admin', headers),
    send('POST', '/console/control/acs/armFault', { ...JSON_TYPE, ...headers }, '{"status":500}'),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  expect(service.azure.acs.faults.list()).toEqual([]);
});

test('opens from a link of another site, and gives no other page access to what it answers', async () => {
  const { status, headers } = await send('GET', '/', {
    'Sec-Fetch-Site': 'cross-site',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
  });

  expect(status).toBe(200);
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(headers).toMatchObject({
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
});

test('signs in a sample user for its own page', async () => {
  const { body: token } = await send('POST', '/console/sign-in/dora', { Origin: origin });

  const issued = await fetch(`${service.url}/api/users/me/token`, {
    headers: { Authorization: `Bearer ${token}` },
  });

  expect(issued.status).toBe(200);
});

test('runs the commands of the page, and no other command of the control interface', async () => {
  const post = (command: string, input: unknown) =>
    send('POST', `/console/control/${command}`, { ...JSON_TYPE, Origin: origin }, JSON.stringify(input));

  const check = await post('acs/checkToken', { token: 'none' });
  const lifetime = await post('acs/setTokenLifetime', { seconds: 0 });
  const others = await Promise.all([
    post('acs/regenerateKey', {}),
    post('vault/setSecret', {}),
    post('', {}),
  ]);

  expect(JSON.parse(check.body)).toEqual({ valid: false, reason: 'not_issued_here' });
  expect(lifetime.status).toBe(400);
  expect(others.map(({ status }) => status)).toEqual([404, 404, 404]);
});

test('lists requests with their problem and the calls to ACS, without queries and without its own', async () => {
  const { run, requests: before } = await listed(0);
  const last = before.at(-1)?.number ?? 0;

  await fetch(`${service.url}/api/users?code=secret`, { method: 'POST' });
  await send('GET', '/api/unknown');
  await send('GET', '/console/settings');

  const { requests, run: sameRun } = await listed(last);
  expect(sameRun).toBe(run);
  expect(requests).toEqual([
    expect.objectContaining({
      method: 'POST',
      path: '/api/users',
      status: 401,
      code: 'unauthenticated',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      upstreamCalls: 0,
    }),
    expect.objectContaining({
      path: '/api/unknown',
      status: 404,
      detail: expect.stringContaining('no function'),
    }),
  ]);
});

async function listed(after: number) {
  const { body } = await send('GET', `/console/requests?after=${after}`);
  return JSON.parse(body) as { run: string; requests: { number: number }[] };
}
