import { expect, test } from '@jest/globals';
import { ServiceError, unauthenticated } from '../../../shared/errors.ts';
import { problemResponse } from '../../../shared/http/problem.ts';

test('describes the error, and shows neither the operator hint nor the cause', () => {
  const error = new ServiceError('misconfigured', 'What happened.', {
    operatorHint: 'a hint',
    cause: new Error('a cause'),
  });

  const response = problemResponse(error, 'request-1');

  expect(response).toMatchObject({ status: 500, headers: { 'Content-Type': 'application/problem+json' } });
  expect(JSON.parse(response.body as string)).toEqual({
    type: 'urn:acs-token-service:problem:misconfigured',
    title: expect.stringMatching(/^[A-Z]/),
    status: 500,
    detail: 'What happened.',
    code: 'misconfigured',
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
