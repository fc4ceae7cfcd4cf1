import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { teamsTokenErrors } from '../../../shared/acs/teamsTokenErrors.ts';
import { toServiceError } from '../../../shared/azure/sdkErrors.ts';

const { signal } = new AbortController();

/** The response to an exchange. */
function responseError(statusCode: number, error?: { code: string; target?: string }): RestError {
  const url = 'https://name.communication.azure.com/teamsUser/:exchangeAccessToken';
  const request = createPipelineRequest({ url, method: 'POST' });
  return new RestError('Text of ACS.', {
    statusCode,
    request,
    response: {
      request,
      status: statusCode,
      headers: createHttpHeaders(),
      ...(error && { bodyAsText: JSON.stringify({ error }) }),
    },
  });
}

function toError(error: RestError) {
  return toServiceError(error, teamsTokenErrors('not a JWT'), signal);
}

test.each(['appId', 'userId'])('a 400 about the %s is about the Teams token', (target) => {
  const error = toError(responseError(400, { code: 'ValidationError', target }));

  expect(error).toMatchObject({ code: 'invalid_request', errors: [{ path: 'teamsUserToken' }] });
});

test.each([
  [
    'a 400 about another field',
    responseError(400, { code: 'ValidationError', target: 'token' }),
    'invalid_request',
  ],
  ['a 400 without a field', responseError(400, { code: 'ValidationError' }), 'invalid_request'],
  ['a 400 without a body', responseError(400), 'invalid_request'],
  ['a 400 without a response', new RestError('failed', { statusCode: 400 }), 'invalid_request'],
  [
    'a 500 that names a field',
    responseError(500, { code: 'InternalServerError', target: 'appId' }),
    'upstream_unavailable',
  ],
])('%s is not', (_title, cause, code) => {
  const error = toError(cause);

  expect(error).toMatchObject({ code });
  expect(error).toHaveProperty('errors', undefined);
});
