import { RestError } from '@azure/core-rest-pipeline';
import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '../../../shared/errors.ts';
import { isConflict, isDefiniteRejection, isMissing, tableCall } from '../../../shared/users/tableErrors.ts';

const { signal } = new AbortController();

function failsWith(statusCode?: number, code?: string): RestError {
  return new RestError('failed', {
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(code === undefined ? {} : { code }),
  });
}

describe('tableCall', () => {
  test.each([401, 403])('names the missing role when the table responds with %d', async (statusCode) => {
    const call = tableCall(signal, () => Promise.reject(failsWith(statusCode)));

    await expect(call).rejects.toMatchObject({
      code: 'upstream_unavailable',
      retryAfterSeconds: 2,
      operatorHint: expect.stringContaining('Storage Table Data Contributor'),
    });
  });

  test.each([400, 500, 503, undefined])(
    'says that the table is unavailable when the status is %s',
    async (statusCode) => {
      const call = tableCall(signal, () => Promise.reject(failsWith(statusCode)));

      await expect(call).rejects.toMatchObject({
        code: 'upstream_unavailable',
        operatorHint: expect.stringContaining('unavailable'),
      });
    },
  );
});

test.each([
  [409, true],
  [412, true],
  [404, false],
  [500, false],
  [undefined, false],
])('a response with status %s is a conflict: %s', (statusCode, expected) => {
  expect(isConflict(failsWith(statusCode))).toBe(expected);
});

test('only an error of the table is a conflict or a missing row', () => {
  expect(isConflict({ statusCode: 409 })).toBe(false);
  expect(isMissing({ statusCode: 404 })).toBe(false);
  expect(isMissing(failsWith(404, 'TableNotFound'))).toBe(false);
  expect(isMissing(failsWith(404, 'ResourceNotFound'))).toBe(true);
});

test.each([
  [400, true],
  [404, true],
  [499, true],
  [408, false],
  [500, false],
  [200, false],
  [undefined, false],
])('a response with status %s means that the table did nothing: %s', (statusCode, expected) => {
  const error = failsWith(statusCode);

  expect(isDefiniteRejection(error)).toBe(expected);
  expect(isDefiniteRejection(new ServiceError('internal', 'wrapped', { cause: error }))).toBe(expected);
});

test('an error of our own says nothing about what the table did', () => {
  expect(isDefiniteRejection(Object.assign(new TypeError('bug'), { statusCode: 400 }))).toBe(false);
});
