import { isRestError } from '@azure/core-rest-pipeline';
import { timedOut, within } from '../azure/deadline.ts';
import { Fault, misconfigured } from '../errors.ts';
import { retryAfterSeconds } from '../azure/retryAfter.ts';

const RETRY_AFTER_SECONDS = 2;

/** Whether the row is not there; a missing table is another matter. */
export function isMissing(error: unknown): boolean {
  return isRestError(error) && error.statusCode === 404 && codeOf(error) !== 'TableNotFound';
}

/** Whether the row exists already, or is no longer what it was. */
export function isConflict(error: unknown): boolean {
  return isRestError(error) && (error.statusCode === 409 || error.statusCode === 412);
}

/** Runs an operation on the user table within the deadline, turning what it throws into faults. */
export async function tableCall<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
  try {
    return await within(signal, operation());
  } catch (error) {
    throw tableFault(error, signal);
  }
}

function tableFault(error: unknown, signal: AbortSignal): Fault {
  if (error instanceof Fault) return error;
  if (signal.aborted) return timedOut(error);
  const status = isRestError(error) ? error.statusCode : undefined;
  if (status === 404) return misconfigured('The table that USER_TABLE_NAME names does not exist.', error);
  return new Fault('upstream_unavailable', 'The user directory cannot be reached right now; try again.', {
    note:
      status === 401 || status === 403
        ? 'The user table refuses the identity: has it the role Storage Table Data Contributor?'
        : 'The user table cannot be reached.',
    retryAfterSeconds:
      (isRestError(error) ? retryAfterSeconds(error.response) : undefined) ?? RETRY_AFTER_SECONDS,
    cause: error,
  });
}

function codeOf(error: { code?: string; details?: unknown }): string | undefined {
  const details = error.details as { odataError?: { code?: string } } | undefined;
  return details?.odataError?.code ?? error.code;
}
