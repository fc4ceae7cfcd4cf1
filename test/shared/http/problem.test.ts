import { expect, test } from '@jest/globals';
import { ServiceError, type ErrorCode, unauthenticated } from '../../../shared/errors.ts';
import { problemResponse } from '../../../shared/http/problem.ts';

const statuses: [ErrorCode, number][] = [
  ['invalid_request', 400],
  ['unauthenticated', 401],
  ['forbidden', 403],
  ['user_not_found', 404],
  ['payload_too_large', 413],
  ['too_many_requests', 429],
  ['misconfigured', 500],
  ['internal', 500],
  ['upstream_rejected', 502],
  ['upstream_unavailable', 503],
  ['upstream_timeout', 504],
];

test.each(statuses)('%s has status %d and shows neither the operator hint nor the cause', (code, status) => {
  const error = new ServiceError(code, 'What happened.', {
    operatorHint: 'a hint',
    cause: new Error('a cause'),
  });

  const response = problemResponse(error, 'request-1');

  expect(response).toMatchObject({ status, headers: { 'Content-Type': 'application/problem+json' } });
  expect(JSON.parse(response.body as string)).toEqual({
    type: `urn:acs-token-service:problem:${code}`,
    title: expect.stringMatching(/^[A-Z]/),
    status,
    detail: 'What happened.',
    code,
    requestId: 'request-1',
  });
});

test('lists the field errors of an invalid request', () => {
  const errors = [{ path: 'scopes[1]', message: 'must be one of chat' }];

  const response = problemResponse(new ServiceError('invalid_request', 'No.', { errors }), 'request-1');

  expect(JSON.parse(response.body as string)).toHaveProperty('errors', errors);
});

test.each([0, 7])('sends Retry-After: %d', (retryAfterSeconds) => {
  const response = problemResponse(
    new ServiceError('too_many_requests', 'Over the limit.', { retryAfterSeconds }),
    'request-1',
  );

  expect(response.headers).toHaveProperty('Retry-After', String(retryAfterSeconds));
});

test.each([
  [unauthenticated(), 'Bearer'],
  [
    unauthenticated('The "token" is\r\nnot valid\\.'),
    'Bearer error="invalid_token", error_description="The token isnot valid."',
  ],
])('sends a WWW-Authenticate challenge: %s', (error, challenge) => {
  const response = problemResponse(error, 'request-1');

  expect(response.headers).toHaveProperty('WWW-Authenticate', challenge);
});

test('sends neither Retry-After nor a challenge when the error has none', () => {
  const response = problemResponse(new ServiceError('upstream_timeout', 'Late.'), 'request-1');

  expect(response.headers).not.toHaveProperty('Retry-After');
  expect(response.headers).not.toHaveProperty('WWW-Authenticate');
});
