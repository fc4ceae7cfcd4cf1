import type { EmulatorResponse } from '../emulator/serve.ts';

interface Details {
  target?: string;
  headers?: Record<string, string>;
  /** Whether the response lists the API versions. */
  listsVersions?: boolean;
}

/** An error response of the identity service. */
export class IdentityServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Details;

  constructor(status: number, code: string, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  toResponse(): EmulatorResponse {
    const { target, headers } = this.details;
    return {
      status: this.status,
      // In recordings, errors have no charset and successes do.
      headers: { 'Content-Type': 'application/json', ...headers },
      body: {
        error: { code: this.code, message: this.message, ...(target === undefined ? {} : { target }) },
      },
    };
  }
}

// The messages come from recordings in the Azure SDK repositories or from public issues, unless marked.

export const denied = (message = 'Denied by the resource provider.') =>
  new IdentityServiceError(401, 'Denied', message);

export const contentHashDiffers = () =>
  denied("Request 'x-ms-content-sha256' differs from generated content hash.");

export const identityNotOwned = () =>
  new IdentityServiceError(401, 'IdentityNotOwned', "Provided identity doesn't belong to the resource.");

/** The message comes from Microsoft's samples; no recording shows the status and code. */
export const identityNotFound = () =>
  new IdentityServiceError(404, 'IdentityNotFound', "Provided identity doesn't exist.");

// In recordings, the responses that come before the operation runs do not list the API versions.

export const invalidTeamsToken = () =>
  new IdentityServiceError(401, 'InvalidAccessToken', 'Provided access token is not valid.', {
    listsVersions: false,
  });

/** A field that ASP.NET rejects. */
export const invalidField = (target: string, message: string) =>
  new IdentityServiceError(400, 'ValidationError', message, { target, listsVersions: false });

export const invalid = (target: string, message: string) =>
  new IdentityServiceError(400, 'ValidationError', message, { target });

export const unsupportedApiVersion = (uri: string, version: string) =>
  new IdentityServiceError(
    400,
    'UnsupportedApiVersion',
    `The HTTP resource that matches the request URI '${uri}' does not support the API version '${version}'.`,
  );

/** Not recorded for this service; its web framework returns this error. */
export const apiVersionUnspecified = () =>
  new IdentityServiceError(
    400,
    'ApiVersionUnspecified',
    'An API version is required, but was not specified.',
  );

/** Not recorded. */
export const notFound = () =>
  new IdentityServiceError(404, 'NotFound', 'The requested resource was not found.', {
    listsVersions: false,
  });

/** Only the status is documented; the code and `Retry-After` are not recorded. */
export const tooManyRequests = (retryAfterSeconds: number) =>
  new IdentityServiceError(429, 'TooManyRequests', 'Too many requests.', {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
