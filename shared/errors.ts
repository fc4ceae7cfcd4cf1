/** Every way a request can fail: the closed list that clients may rely on. */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'user_not_found'
  | 'length_required'
  | 'payload_too_large'
  | 'too_many_requests'
  | 'upstream_rejected'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'misconfigured'
  | 'internal';

/** One problem of a request: where, e.g. `scopes[1]`, and what. */
export interface FieldError {
  path: string;
  message: string;
}

interface ServiceErrorOptions {
  errors?: FieldError[];
  /** Whole seconds after which the caller may try again. */
  retryAfterSeconds?: number | undefined;
  /** What is wrong with the bearer token, for the `WWW-Authenticate` challenge; plain ASCII. */
  tokenError?: string | undefined;
  /** For the log only: what the operator should change. Never holds a value of a setting or the vault. */
  operatorHint?: string | undefined;
  cause?: unknown;
}

/**
 * A failed request. Callers see `message`. The log gets `operatorHint` and the kind of `cause`, never its text:
 * an upstream's text may hold a secret.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly tokenError: string | undefined;
  readonly operatorHint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    { errors, retryAfterSeconds, tokenError, operatorHint, cause }: ServiceErrorOptions = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.tokenError = tokenError;
    this.operatorHint = operatorHint;
  }
}

/** A 400 that names every problem of the request. */
export function invalidRequest(...errors: FieldError[]): ServiceError {
  return new ServiceError('invalid_request', 'The request is not valid. See errors.', { errors });
}

/** A 401. Leave out `tokenError` when the request has no bearer token at all. */
export function unauthenticated(tokenError?: string, cause?: unknown): ServiceError {
  const message = tokenError ?? 'A bearer token from your identity provider is required.';
  return new ServiceError('unauthenticated', message, { tokenError, cause });
}

/** A mistake in the deployment: the log gets `operatorHint`, the caller does not. */
export function misconfigured(operatorHint: string, cause?: unknown): ServiceError {
  return new ServiceError('misconfigured', 'The service is misconfigured. Its log says what to change.', {
    operatorHint,
    cause,
  });
}
