import { RestError } from '@azure/core-rest-pipeline';
import { InvocationContext } from '@azure/functions';
import { expect, test } from '@jest/globals';
import { ServiceError } from '../../../shared/errors.ts';
import { errorFields, logRequest } from '../../../shared/http/requestLog.ts';

const secret = 'c2VjcmV0IGtleSBzZWNyZXQga2V5IHNlY3JldA==';

test.each([
  [201, 'information'],
  [404, 'information'],
  [429, 'warning'],
  [500, 'error'],
  [503, 'error'],
])('a request that ended with %d is one line of level %s', (status, level) => {
  const logs: unknown[][] = [];
  const context = new InvocationContext({ logHandler: (...line) => logs.push(line) });
  const event = {
    event: 'request',
    function: 'createUser',
    requestId: 'request-1',
    status,
    outcome: 'ok',
    durationMs: 1,
    upstreamCalls: 1,
  } as const;

  logRequest(context, event);

  expect(logs).toEqual([[level, JSON.stringify(event)]]);
});

test('a fault is told by its note and by the kinds of its causes, never by their texts', () => {
  const inner = Object.assign(new Error(`text ${secret}`), { code: 'ECONNRESET' });
  const upstream = Object.assign(new RestError(`text ${secret}`, { code: 'Denied', statusCode: 401 }), {
    cause: inner,
  });

  const details = errorFields(
    new ServiceError('upstream_rejected', 'No.', { operatorHint: 'a note', cause: upstream }),
  );

  expect(details).toEqual({ hint: 'a note', cause: 'RestError Denied 401 < Error ECONNRESET' });
});

test.each([secret, `name ${secret}`, 'a b', 'x'.repeat(65), '', 'línea', 7])(
  'a code that is no code is left out: %j',
  (code) => {
    const cause = Object.assign(new Error('text'), { code });

    const details = errorFields(new ServiceError('internal', 'No.', { cause }));

    expect(details).toEqual({ cause: 'Error' });
  },
);

test('causes that go round in a circle come to an end', () => {
  const cause = new Error('text');
  cause.cause = cause;

  const details = errorFields(new ServiceError('internal', 'No.', { cause }));

  expect(details.cause?.split(' < ')).toHaveLength(5);
});

test.each([undefined, null, secret, { message: secret }])(
  'a cause that is no error is not shown: %j',
  (cause) => {
    const details = errorFields(new ServiceError('internal', 'No.', { cause }));

    expect(details).toEqual({});
  },
);
