import type * as z from 'zod/mini';
import type { FieldError } from '../errors.ts';

const MAX_ERRORS = 20;

/** The problems that a schema found, by field; `whole` names the input itself. */
export function fieldErrors(error: z.core.$ZodError, whole: string): FieldError[] {
  return error.issues
    .flatMap((issue): FieldError[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: key, message: 'is not a known field' }))
        : [{ path: fieldPath(issue.path) || whole, message: issue.message }],
    )
    .slice(0, MAX_ERRORS);
}

/** `['scopes', 1]` as `scopes[1]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('');
}
