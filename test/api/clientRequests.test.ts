import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../local/localService.ts';

interface ClientRequest {
  client: string;
  /** Where the client can carry who calls. */
  caller: 'function key in the URL' | 'bearer token';
  method: 'GET' | 'POST';
  query?: string;
  headers?: Record<string, string>;
  body?: string;
  /** What it reads from the response. */
  reads: Record<string, unknown>;
}

const json = { 'Content-Type': 'application/json' };
const token = expect.stringMatching(/^eyJ/);
/** The `.iso8601` strategy of Swift refuses fractions of a second. */
const expiresOn = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
const user = { communicationUserId: expect.stringMatching(/^8:acs:/) };
const endpoint = expect.stringMatching(/^http/);

/** The requests in the sources of the samples, and those of examples/. */
const requests: ClientRequest[] = [
  { client: 'iOS calling sample', caller: 'bearer token', method: 'GET', reads: { token } },
  { client: 'iOS UI library demo', caller: 'bearer token', method: 'GET', reads: { token } },
  { client: 'Android calling sample', caller: 'bearer token', method: 'GET', reads: { token } },
  {
    client: 'Android UI library demo',
    caller: 'function key in the URL',
    method: 'GET',
    reads: { token },
  },
  {
    client: 'React Native UI library demo',
    caller: 'function key in the URL',
    method: 'GET',
    reads: { token },
  },
  {
    client: 'web calling sample, first token',
    caller: 'function key in the URL',
    method: 'GET',
    query: 'scope=voip',
    reads: { token },
  },
  {
    client: 'web calling sample, refresh',
    caller: 'function key in the URL',
    method: 'POST',
    reads: { token },
  },
  {
    client: 'web chat sample',
    caller: 'function key in the URL',
    method: 'POST',
    query: 'scope=chat',
    reads: { token, expiresOn, user },
  },
  {
    client: 'virtual visits sample',
    caller: 'function key in the URL',
    method: 'GET',
    reads: { token, expiresOn, user },
  },
  {
    client: 'clients in examples/',
    caller: 'bearer token',
    method: 'POST',
    headers: json,
    body: '{"scopes":["chat","voip"]}',
    reads: { token, expiresOn, user, endpoint },
  },
];

describe.each(['function key in the URL', 'bearer token'] as const)('with a %s', (caller) => {
  let service: LocalService;
  let url: string;
  let authorization: Record<string, string>;
  beforeAll(async () => {
    service = await startLocalService({
      app: '.',
      port: 0,
      enableAuth: true,
      callers: caller === 'bearer token' ? 'oidc' : 'function-key',
    });
    const { signIn, azure, listing } = service;
    if (signIn === undefined) {
      url = `${service.url}/api/users/${azure.acs.identities.create()}/token?code=${listing?.functionKey ?? ''}`;
      authorization = {};
    } else {
      url = `${service.url}/api/users/me/token?`;
      authorization = { Authorization: `Bearer ${await signIn.provider.tokenFor('alice')}` };
    }
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    service.azure.acs.faults.clear();
  });

  const send = ({ method, query = '', headers = {}, body }: ClientRequest) =>
    fetch(`${url}&${query}`, { method, headers: { ...authorization, ...headers }, body: body ?? null });

  const own = requests.filter((request) => request.caller === caller);

  test.each(own)('answers the $client with 200 and what it reads', async (request) => {
    const response = await send(request);

    // The virtual visits sample accepts no other status.
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(await response.json()).toMatchObject(request.reads);
  });

  test.each(own)('sends the $client no token field in an error', async (request) => {
    service.azure.acs.faults.arm({ status: 429, times: 10 });

    const response = await send(request);

    expect(response.status).toBe(429);
    const problem: unknown = await response.json();
    expect(problem).toMatchObject({ code: 'too_many_requests' });
    expect(problem).not.toHaveProperty('token');
  });
});
