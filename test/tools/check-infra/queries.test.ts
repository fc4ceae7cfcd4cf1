import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { parseQuery } from '../../../tools/check-infra/queries.ts';
import type { App } from '../../../shared/app.ts';
import { endpoint } from '../../../shared/http/endpoint.ts';
import { misconfigured } from '../../../shared/errors.ts';
import type { RequestEvent } from '../../../shared/http/requestLog.ts';
import { noTelemetry } from '../../../shared/telemetry/telemetry.ts';
import { invoke } from '../../shared/support/functions.ts';

const event: Required<RequestEvent> = {
  event: 'request',
  function: 'issueToken',
  requestId: 'b5e6',
  status: 200,
  outcome: 'ok',
  durationMs: 12,
  upstreamCalls: 1,
  caller: 'user',
  client: '',
  subject: 'hash',
  communicationUser: '8:acs:a_b',
  scopes: ['chat'],
  expiresInMinutes: 60,
  hint: 'n',
  cause: 'c',
};

test('the base query reads exactly the fields of the request event', async () => {
  const query = await readFile('infra/queries/tokenServiceRequests.kql', 'utf8');

  const read = [...query.matchAll(/event(?:\.(\w+)|\["(\w+)"\])/g)].map(
    ([, dotted, quoted]) => dotted ?? quoted,
  );

  expect(['event', ...read].sort()).toEqual(Object.keys(event).sort());
});

test('the base query finds the line that the service logs', async () => {
  const query = await readFile('infra/queries/tokenServiceRequests.kql', 'utf8');
  const dependencies = () => {
    throw misconfigured('nothing works');
  };
  const app: App = {
    authLevel: 'function',
    exchangesTeamsTokens: true,
    telemetry: noTelemetry,
    dependencies,
  };
  const handler = endpoint(app, 'named', () => Promise.resolve({}));

  const { logs } = await invoke(handler);

  const [, start] = /startswith '([^']+)'/.exec(query) ?? [];
  expect(logs.map(([, line]) => line)).toEqual([expect.stringMatching(`^${start}`)]);
});

test('the queries in docs/operate.md are valid', async () => {
  const base = await readFile('infra/queries/tokenServiceRequests.kql', 'utf8');
  const page = await readFile('docs/operate.md', 'utf8');

  const shown = [...page.matchAll(/^```kusto\n(.*?)^```$/gms)].map(([, query]) => query ?? '');

  expect(shown.length).toBeGreaterThan(3);
  expect(shown.flatMap((query) => parseQuery(query, base))).toEqual([]);
  expect(parseQuery('TokenServiceRequests | where StatusCode > 1', base)).not.toEqual([]);
});
