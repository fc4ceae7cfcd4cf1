import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { retryAfterSeconds } from '../azure/retryAfter.ts';
import type { ErrorMapping } from '../azure/sdkErrors.ts';
import { ServiceError } from '../errors.ts';
import { namesUser, operationOf } from './operation.ts';

const MESSAGE = 'Communication Services is unavailable. Try again later.';
const RETRY_AFTER_SECONDS = 2;
/** A rotation updates the secret soon after the key; anything else takes an operator. */
const REJECTED_RETRY_AFTER_SECONDS = 5;
/** Communication Services counts its rate limits over this time. */
const RATE_LIMIT_WINDOW_SECONDS = 30;

/** Whether ACS rejects the service itself. Some 401s are about the user, or about the token of a Teams user. */
export function isRejectedCredentials(error: unknown): boolean {
  if (!isRestError(error)) return false;
  if (isForeignUser(error) || isInvalidTeamsToken(error)) return false;
  return error.statusCode === 403 || error.statusCode === 401;
}

/** Whether ACS says that the user does not exist. No other 404 says so: a proxy or a wrong address sends one too. */
export function isUnknownUser(error: unknown): boolean {
  return (
    isRestError(error) && error.statusCode === 404 && error.code === 'IdentityNotFound' && isAboutUser(error)
  );
}

/** Whether ACS says that the user belongs to another resource. */
export function isForeignUser(error: unknown): boolean {
  return (
    isRestError(error) && error.statusCode === 401 && error.code === 'IdentityNotOwned' && isAboutUser(error)
  );
}

/** An error about a user is no response to a request that names none. */
function isAboutUser({ request }: RestError): boolean {
  return request !== undefined && namesUser(request);
}

/** Whether ACS says that the Entra token in a Teams exchange is not valid. */
export function isInvalidTeamsToken({ statusCode, code, request }: RestError): boolean {
  if (statusCode !== 401 || code !== 'InvalidAccessToken') return false;
  return request !== undefined && operationOf(request) === 'exchangeTeamsToken';
}

/** What the answers of Communication Services mean. */
export const acsErrors: ErrorMapping = {
  message: MESSAGE,
  retryAfterSeconds: RETRY_AFTER_SECONDS,
  fromResponse(error) {
    switch (error.statusCode ?? 0) {
      case 400:
        return new ServiceError('invalid_request', 'Communication Services rejected this request.', {
          cause: error,
        });
      case 401:
        return userNotFound(error);
      case 404:
        return isUnknownUser(error) ? userNotFound(error) : undefined;
      case 429:
        return throttled(retryAfterSeconds(error.response) ?? RATE_LIMIT_WINDOW_SECONDS, error);
      default:
        return undefined;
    }
  },
};

export function throttled(seconds: number, cause?: unknown): ServiceError {
  return new ServiceError(
    'too_many_requests',
    'Communication Services is throttling this service. Retry after the time in Retry-After.',
    { retryAfterSeconds: seconds, cause },
  );
}

export function rejectedCredentials(cause: unknown): ServiceError {
  return new ServiceError(
    'upstream_rejected',
    'Communication Services rejects the credentials of this service.',
    {
      retryAfterSeconds: REJECTED_RETRY_AFTER_SECONDS,
      operatorHint:
        'Check that the secret holds a current access key of the ACS resource, or that the managed identity has its role on it.',
      cause,
    },
  );
}

function userNotFound(cause: RestError): ServiceError {
  return new ServiceError('user_not_found', 'Communication Services has no user with this id.', { cause });
}
