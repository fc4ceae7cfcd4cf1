import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { timedOut } from '../azure/deadline.ts';
import { Fault } from '../errors.ts';
import { isIdentityError } from '../azure/credentialError.ts';
import { retryAfterSeconds } from '../azure/retryAfter.ts';

const RETRY_AFTER_SECONDS = 2;
/** The service counts its limits over this time. */
const LIMIT_WINDOW_SECONDS = 30;

/** Whether ACS refused the service itself. `IdentityNotOwned` comes as 401 too, but is about the user. */
export function isRefusedCredentials(error: unknown): boolean {
  if (!isRestError(error)) return false;
  return error.statusCode === 403 || (error.statusCode === 401 && error.code !== 'IdentityNotOwned');
}

/** Whether ACS says that it has no such user; a 404 without an error code is not from ACS. */
export function isUnknownUser(error: unknown): boolean {
  return isRestError(error) && error.statusCode === 404 && error.code !== undefined;
}

/** The fault an SDK error stands for. The SDK's text stays out of it. */
export function acsFault(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof Fault) return error;
  if (signal.aborted) return timedOut(error);
  if (!isRestError(error)) {
    return isIdentityError(error) ? unavailable(error) : error;
  }
  switch (error.statusCode ?? 0) {
    case 400:
      return new Fault('invalid_request', 'Communication Services does not accept this request.', {
        cause: error,
      });
    case 401:
      return userNotFound(error);
    case 404:
      return isUnknownUser(error) ? userNotFound(error) : unavailable(error);
    case 429:
      return new Fault('too_many_requests', 'Communication Services is throttling this service; slow down.', {
        retryAfterSeconds: retryAfterSeconds(error.response) ?? LIMIT_WINDOW_SECONDS,
        cause: error,
      });
    default:
      return unavailable(error);
  }
}

/** An answer that lacks what it is for. */
export function noAnswer(): Fault {
  return unavailable(new Error('ACS answered without the expected fields.'));
}

function userNotFound(cause: RestError): Fault {
  return new Fault('user_not_found', 'Communication Services does not know this user.', { cause });
}

function unavailable(cause: unknown): Fault {
  return new Fault('upstream_unavailable', 'Communication Services cannot be reached right now; try again.', {
    retryAfterSeconds:
      (isRestError(cause) ? retryAfterSeconds(cause.response) : undefined) ?? RETRY_AFTER_SECONDS,
    cause,
  });
}
