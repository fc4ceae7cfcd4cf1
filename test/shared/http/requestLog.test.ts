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
])('logs a response with status %d as one line at level %s', (status, level) => {
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

test('logs the operator hint and the kind of each cause, never its text', () => {
  const inner = Object.assign(new Error(`text ${secret}`), { code: 'ECONNRESET' });
  const upstream = Object.assign(new RestError(`text ${secret}`, { code: 'Denied', statusCode: 401 }), {
    cause: inner,
  });

  const details = errorFields(
    new ServiceError('upstream_rejected', 'No.', { operatorHint: 'a hint', cause: upstream }),
  );

  expect(details).toEqual({ hint: 'a hint', cause: 'RestError Denied 401 < Error ECONNRESET' });
});

test.each([secret, `name ${secret}`, 'a b', 'x'.repeat(65), '', 'línea', 7])(
  'omits a code that is not a plain word: %j',
  (code) => {
    const cause = Object.assign(new Error('text'), { code });

    const details = errorFields(new ServiceError('internal', 'No.', { cause }));

    expect(details).toEqual({ cause: 'Error' });
  },
);

test('names a cause by its code when the code says what it is', () => {
  const cause = Object.assign(new Error('text'), { name: 'a1', code: 'ERR_JWT_EXPIRED' });

  const details = errorFields(new ServiceError('unauthenticated', 'No.', { cause }));

  expect(details).toEqual({ cause: 'ERR_JWT_EXPIRED' });
});

test('logs at most five causes, also when they form a circle', () => {
  const cause = new Error('text');
  cause.cause = cause;

  const details = errorFields(new ServiceError('internal', 'No.', { cause }));

  expect(details.cause?.split(' < ')).toHaveLength(5);
});

test.each([undefined, null, secret, { message: secret }])(
  'omits a cause that is not an Error: %j',
  (cause) => {
    const details = errorFields(new ServiceError('internal', 'No.', { cause }));

    expect(details).toEqual({});
  },
);
