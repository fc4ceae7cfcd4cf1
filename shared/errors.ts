/** Every way a request can fail: the closed list that clients may rely on. */
export type FaultCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'user_not_found'
  | 'payload_too_large'
  | 'too_many_requests'
  | 'upstream_rejected'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'misconfigured'
  | 'internal';

/** One thing wrong with a request: where, e.g. `scopes[1]`, and what. */
export interface FieldError {
  path: string;
  message: string;
}

interface FaultOptions {
  errors?: FieldError[];
  /** Whole seconds after which the caller may try again. */
  retryAfterSeconds?: number | undefined;
  /** What was wrong with a bearer token, for its `WWW-Authenticate` challenge; plain ASCII. */
  tokenError?: string | undefined;
  /** For the log alone: what to mend. Never holds a value read from a setting or the vault. */
  note?: string;
  cause?: unknown;
}

/**
 * A failed request. `message` is shown to the caller; `note` and the kind of `cause` go to the log and
 * nowhere else, because an upstream's text may hold a secret.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly tokenError: string | undefined;
  readonly note: string | undefined;

  constructor(
    code: FaultCode,
    message: string,
    { errors, retryAfterSeconds, tokenError, note, cause }: FaultOptions = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.tokenError = tokenError;
    this.note = note;
  }
}

/** A 400 that names what is wrong with the request. */
export function invalidRequest(...errors: FieldError[]): Fault {
  return new Fault('invalid_request', 'The request is not valid: see errors.', { errors });
}

/** A 401: without `tokenError` the request had no bearer token at all. */
export function unauthenticated(tokenError?: string, cause?: unknown): Fault {
  return new Fault('unauthenticated', tokenError ?? 'This needs a bearer token of your identity provider.', {
    tokenError,
    cause,
  });
}

/** A deployment's own fault: `note` says in the log what the response does not. */
export function misconfigured(note: string, cause?: unknown): Fault {
  return new Fault('misconfigured', 'The service is not configured correctly; its log says what to change.', {
    note,
    cause,
  });
}
