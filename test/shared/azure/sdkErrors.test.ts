import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { toServiceError } from '../../../shared/azure/sdkErrors.ts';
import { ServiceError } from '../../../shared/errors.ts';

const { signal } = new AbortController();
const mapping = { message: 'The dependency is unavailable.', retryAfterSeconds: 3 };

function responseError(statusCode: number, headers: Record<string, string> = {}): RestError {
  const request = createPipelineRequest({ url: 'https://name.example/' });
  return new RestError('Text of the upstream.', {
    statusCode,
    request,
    response: { request, status: statusCode, headers: createHttpHeaders(headers) },
  });
}

test('an SDK error becomes upstream_unavailable with Retry-After and without its text', () => {
  const errors = [responseError(500), responseError(503, { 'Retry-After': '12' })].map((error) =>
    toServiceError(error, mapping, signal),
  );

  expect(errors).toEqual([expect.any(ServiceError), expect.any(ServiceError)]);
  expect(errors).toMatchObject([
    { code: 'upstream_unavailable', message: mapping.message, retryAfterSeconds: 3 },
    { code: 'upstream_unavailable', message: mapping.message, retryAfterSeconds: 12 },
  ]);
});

test('the mapping decides what a response means', () => {
  const other = new ServiceError('user_not_found', 'No such user.');

  const error = toServiceError(responseError(404), { ...mapping, fromResponse: () => other }, signal);

  expect(error).toBe(other);
});

test('every error after the deadline becomes upstream_timeout', () => {
  const errors = [responseError(503), new Error('aborted')].map((error) =>
    toServiceError(error, mapping, AbortSignal.abort()),
  );

  expect(errors).toMatchObject([{ code: 'upstream_timeout' }, { code: 'upstream_timeout' }]);
});

test('a ServiceError is returned unchanged, also after the deadline', () => {
  const given = new ServiceError('misconfigured', 'No.');

  expect(toServiceError(given, mapping, AbortSignal.abort())).toBe(given);
});

test.each(['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'])(
  '%s of the credential becomes upstream_unavailable',
  (name) => {
    const error = Object.assign(new Error('Text of the credential.'), { name });

    const mapped = toServiceError(error, mapping, signal);

    expect(mapped).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 3, cause: error });
  },
);

test('any other error is returned unchanged: it is a bug', () => {
  const bug = new TypeError('A bug.');

  expect(toServiceError(bug, mapping, signal)).toBe(bug);
});
