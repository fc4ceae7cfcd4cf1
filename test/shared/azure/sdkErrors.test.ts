import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { toServiceError } from '../../../shared/azure/sdkErrors.ts';
import { ServiceError } from '../../../shared/errors.ts';

const { signal } = new AbortController();
const mapping = { message: 'The dependency is unavailable.', retryAfterSeconds: 3 };

function answered(statusCode: number, headers: Record<string, string> = {}): RestError {
  const request = createPipelineRequest({ url: 'https://name.example/' });
  return new RestError('Words of the upstream.', {
    statusCode,
    request,
    response: { request, status: statusCode, headers: createHttpHeaders(headers) },
  });
}

test('an error of the SDK is upstream_unavailable, with Retry-After and without its text', () => {
  const errors = [answered(500), answered(503, { 'Retry-After': '12' })].map((error) =>
    toServiceError(error, mapping, signal),
  );

  expect(errors).toEqual([expect.any(ServiceError), expect.any(ServiceError)]);
  expect(errors).toMatchObject([
    { code: 'upstream_unavailable', message: mapping.message, retryAfterSeconds: 3 },
    { code: 'upstream_unavailable', message: mapping.message, retryAfterSeconds: 12 },
  ]);
});

test('a response that means something else becomes what the mapping says', () => {
  const other = new ServiceError('user_not_found', 'No such user.');

  const error = toServiceError(answered(404), { ...mapping, fromResponse: () => other }, signal);

  expect(error).toBe(other);
});

test('every error after the deadline is upstream_timeout', () => {
  const errors = [answered(503), new Error('aborted')].map((error) =>
    toServiceError(error, mapping, AbortSignal.abort()),
  );

  expect(errors).toMatchObject([{ code: 'upstream_timeout' }, { code: 'upstream_timeout' }]);
});

test('a ServiceError is kept, even after the deadline', () => {
  const given = new ServiceError('misconfigured', 'No.');

  expect(toServiceError(given, mapping, AbortSignal.abort())).toBe(given);
});

test.each(['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'])(
  '%s of the credential is upstream_unavailable',
  (name) => {
    const error = Object.assign(new Error('Words of the identity.'), { name });

    const mapped = toServiceError(error, mapping, signal);

    expect(mapped).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 3, cause: error });
  },
);

test('an error of neither SDK nor credential is kept: it is a bug of ours', () => {
  const bug = new TypeError('A bug.');

  expect(toServiceError(bug, mapping, signal)).toBe(bug);
});
