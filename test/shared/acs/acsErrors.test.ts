import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import {
  acsErrors,
  isRejectedCredentials,
  isUnknownUser,
  unusableResponse,
} from '../../../shared/acs/acsErrors.ts';
import { toServiceError } from '../../../shared/azure/sdkErrors.ts';
import type { ServiceError } from '../../../shared/errors.ts';

const { signal } = new AbortController();

/** An error as the SDK throws it. */
function answered(statusCode: number, code?: string, headers: Record<string, string> = {}): RestError {
  const request = createPipelineRequest({ url: 'https://name.communication.azure.com/' });
  return new RestError('Words of ACS.', {
    statusCode,
    ...(code === undefined ? {} : { code }),
    request,
    response: { request, status: statusCode, headers: createHttpHeaders(headers) },
  });
}

test.each([
  [401, 'Denied', true],
  [401, undefined, true],
  [403, undefined, true],
  [401, 'IdentityNotOwned', false],
  [404, 'IdentityNotFound', false],
  [429, undefined, false],
])('%s %s is about the credentials: %s', (status, code, expected) => {
  const refused = isRejectedCredentials(answered(status, code));

  expect(refused).toBe(expected);
});

test.each([
  [404, 'IdentityNotFound', true],
  [404, undefined, false],
  [401, 'IdentityNotOwned', false],
])('%s %s is about a user that is unknown: %s', (status, code, expected) => {
  const unknown = isUnknownUser(answered(status, code));

  expect(unknown).toBe(expected);
});

test.each([
  [400, 'ValidationError', 'invalid_request', undefined],
  [401, 'IdentityNotOwned', 'user_not_found', undefined],
  [404, 'IdentityNotFound', 'user_not_found', undefined],
  [404, undefined, 'upstream_unavailable', 2],
  [408, undefined, 'upstream_unavailable', 2],
  [429, undefined, 'too_many_requests', 30],
  [500, undefined, 'upstream_unavailable', 2],
  [503, undefined, 'upstream_unavailable', 2],
])('%s %s is %s', (status, upstreamCode, code, retryAfterSeconds) => {
  const error = answered(status, upstreamCode);

  const fault = toServiceError(error, acsErrors, signal);

  expect(fault).toMatchObject({ name: 'ServiceError', code, retryAfterSeconds, cause: error });
  expect((fault as ServiceError).message).not.toContain('Words of ACS');
});

test.each([429, 503])('%d passes on how long to wait', (status) => {
  const fault = toServiceError(answered(status, undefined, { 'Retry-After': '12' }), acsErrors, signal);

  expect(fault).toMatchObject({ retryAfterSeconds: 12 });
});

test('an answer without what it is for is unavailable', () => {
  const fault = unusableResponse();

  expect(fault).toMatchObject({ code: 'upstream_unavailable', retryAfterSeconds: 2 });
});
