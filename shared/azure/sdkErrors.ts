import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { ServiceError } from '../errors.ts';
import { timeoutError } from './deadline.ts';
import { retryAfterSeconds } from './retryAfter.ts';

/** How errors of one Azure dependency become errors of this service. */
export interface ErrorMapping {
  /** What callers read when the dependency is unavailable. */
  message: string;
  /** `Retry-After` in seconds when the dependency names none. */
  retryAfterSeconds: number;
  /** The responses that mean something else than "unavailable". */
  fromResponse?: (error: RestError) => ServiceError | undefined;
  /** What the operator should check; the error is no RestError when no token could be had. */
  operatorHint?: (error: RestError | undefined) => string;
}

/**
 * The ServiceError for what an Azure SDK threw. The SDK's text stays out of it. An error that is neither the
 * SDK's nor the credential's comes back as it is: it is a bug of ours, and becomes `internal`.
 */
export function toServiceError(error: unknown, mapping: ErrorMapping, signal: AbortSignal): unknown {
  if (error instanceof ServiceError) return error;
  if (signal.aborted) return timeoutError(error);
  if (!isRestError(error) && !isCredentialError(error)) return error;
  const restError = isRestError(error) ? error : undefined;
  return (
    (restError && mapping.fromResponse?.(restError)) ??
    new ServiceError('upstream_unavailable', mapping.message, {
      operatorHint: mapping.operatorHint?.(restError),
      retryAfterSeconds: retryAfterSeconds(restError?.response) ?? mapping.retryAfterSeconds,
      cause: error,
    })
  );
}

/** Whether this service could not get a token for its own identity; the errors of @azure/identity share no class. */
function isCredentialError(error: unknown): boolean {
  return (
    error instanceof Error &&
    ['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'].includes(error.name)
  );
}
