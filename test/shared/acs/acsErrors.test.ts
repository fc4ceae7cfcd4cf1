import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import {
  acsErrors,
  isForeignUser,
  isRejectedCredentials,
  isUnknownUser,
} from '../../../shared/acs/acsErrors.ts';
import { toServiceError } from '../../../shared/azure/sdkErrors.ts';
import type { ServiceError } from '../../../shared/errors.ts';

const { signal } = new AbortController();
const EXCHANGE = 'teamsUser/:exchangeAccessToken';

/** An error as the SDK throws it; by default of a request that names a user. */
function responseError(
  statusCode: number,
  code?: string,
  headers: Record<string, string> = {},
  path = 'identities/8:acs:id/:issueAccessToken',
): RestError {
  const url = `https://name.communication.azure.com/${path}`;
  const request = createPipelineRequest({ url, method: 'POST' });
  return new RestError('Text of ACS.', {
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
])('%s %s means rejected credentials: %s', (status, code, expected) => {
  const rejected = isRejectedCredentials(responseError(status, code));

  expect(rejected).toBe(expected);
});

test.each([
  [404, 'IdentityNotFound', true],
  [404, undefined, false],
  [401, 'IdentityNotOwned', false],
])('%s %s means an unknown user: %s', (status, code, expected) => {
  const unknown = isUnknownUser(responseError(status, code));

  expect(unknown).toBe(expected);
});

test('only a response of ACS with its code says something about the user or the credentials', () => {
  const noResponse = Object.assign(new Error('bug'), { statusCode: 404, code: 'IdentityNotFound' });
  const otherStatus = responseError(500, 'IdentityNotFound');
  const withoutRequest = new RestError('failed', { statusCode: 404, code: 'IdentityNotFound' });

  expect([noResponse, otherStatus, withoutRequest].map(isUnknownUser)).toEqual([false, false, false]);
  expect(isRejectedCredentials(Object.assign(new Error('bug'), { statusCode: 401 }))).toBe(false);
  expect(isForeignUser(responseError(404, 'IdentityNotOwned'))).toBe(false);
  expect(isForeignUser(responseError(401, 'IdentityNotOwned'))).toBe(true);
});

test('a create never fails with user_not_found', () => {
  const unknown = responseError(404, 'IdentityNotFound', {}, 'identities');
  const foreign = responseError(401, 'IdentityNotOwned', {}, 'identities');

  expect(toServiceError(unknown, acsErrors, signal)).toMatchObject({ code: 'upstream_unavailable' });
  expect(isRejectedCredentials(foreign)).toBe(true);
});

test('a Teams token that is not valid is no matter of the credentials, in the Teams exchange only', () => {
  const exchange = responseError(401, 'InvalidAccessToken', {}, EXCHANGE);
  const issue = responseError(401, 'InvalidAccessToken');
  const denied = responseError(401, 'Denied', {}, EXCHANGE);

  expect([exchange, issue, denied].map(isRejectedCredentials)).toEqual([false, true, true]);
});

test('a Teams exchange never fails with user_not_found', () => {
  const unknown = responseError(404, 'IdentityNotFound', {}, EXCHANGE);
  const foreign = responseError(401, 'IdentityNotOwned', {}, EXCHANGE);

  expect(isUnknownUser(unknown)).toBe(false);
  expect(isRejectedCredentials(foreign)).toBe(true);
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
])('%s %s becomes %s', (status, upstreamCode, code, retryAfterSeconds) => {
  const cause = responseError(status, upstreamCode);

  const error = toServiceError(cause, acsErrors, signal);

  expect(error).toMatchObject({ name: 'ServiceError', code, retryAfterSeconds, cause });
  expect((error as ServiceError).message).not.toContain('Text of ACS');
});

test.each([429, 503])('passes on the Retry-After of a %d', (status) => {
  const error = toServiceError(responseError(status, undefined, { 'Retry-After': '12' }), acsErrors, signal);

  expect(error).toMatchObject({ retryAfterSeconds: 12 });
});
