import { isRestError } from '@azure/core-rest-pipeline';
import { abortable } from '../azure/deadline.ts';
import { type ErrorMapping, toServiceError } from '../azure/sdkErrors.ts';
import { misconfigured, ServiceError } from '../errors.ts';

/** What the answers of the user table mean. */
const tableErrors: ErrorMapping = {
  message: 'The user directory is unavailable. Try again later.',
  retryAfterSeconds: 2,
  fromResponse: (error) =>
    error.statusCode === 404
      ? misconfigured('The table named by USER_TABLE_NAME does not exist.', error)
      : undefined,
  operatorHint: (error) =>
    error?.statusCode === 401 || error?.statusCode === 403
      ? "The user table denied access. Check that the app's identity has the role Storage Table Data Contributor."
      : 'The user table is unavailable.',
};

/** Whether the row does not exist; a missing table is another matter. */
export function isMissing(error: unknown): boolean {
  return isRestError(error) && error.statusCode === 404 && error.code !== 'TableNotFound';
}

/** Whether the row exists already, or has changed since it was read. */
export function isConflict(error: unknown): boolean {
  return isRestError(error) && (error.statusCode === 409 || error.statusCode === 412);
}

/** Whether the table has certainly not done what was asked: it responded with an error of the request. */
export function isDefiniteRejection(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isRestError(cause)) return false;
  const status = cause.statusCode ?? 0;
  return status >= 400 && status < 500 && status !== 408;
}

/** Runs an operation on the user table within the deadline. Throws a ServiceError for every failure of the table. */
export async function tableCall<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
  try {
    return await abortable(signal, operation());
  } catch (error) {
    throw toServiceError(error, tableErrors, signal);
  }
}
