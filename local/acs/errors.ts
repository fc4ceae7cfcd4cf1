import type { Answer } from '../emulator/serve.ts';

interface Details {
  target?: string;
  headers?: Record<string, string>;
}

/** A refusal in the service's own words. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Details;

  constructor(status: number, code: string, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  toAnswer(): Answer {
    const { target, headers } = this.details;
    return {
      status: this.status,
      // Recorded errors name no charset; recorded successes do.
      headers: { 'Content-Type': 'application/json', ...headers },
      body: {
        error: { code: this.code, message: this.message, ...(target === undefined ? {} : { target }) },
      },
    };
  }
}

// The messages below are recorded in the Azure SDK repositories or quoted in public issues, unless marked otherwise.

export const denied = (message = 'Denied by the resource provider.') =>
  new ServiceError(401, 'Denied', message);

export const contentHashDiffers = () =>
  denied("Request 'x-ms-content-sha256' differs from generated content hash.");

export const identityNotOwned = () =>
  new ServiceError(401, 'IdentityNotOwned', "Provided identity doesn't belong to the resource.");

/** The message is quoted in Microsoft's samples; no recording shows the status and code. */
export const identityNotFound = () =>
  new ServiceError(404, 'IdentityNotFound', "Provided identity doesn't exist.");

export const invalidTeamsToken = () =>
  new ServiceError(401, 'InvalidAccessToken', 'Provided access token is not valid.');

export const invalid = (target: string, message: string) =>
  new ServiceError(400, 'ValidationError', message, { target });

export const unsupportedApiVersion = (uri: string, version: string) =>
  new ServiceError(
    400,
    'UnsupportedApiVersion',
    `The HTTP resource that matches the request URI '${uri}' does not support the API version '${version}'.`,
  );

/** Not recorded for this service: what its web framework answers. */
export const apiVersionUnspecified = () =>
  new ServiceError(400, 'ApiVersionUnspecified', 'An API version is required, but was not specified.');

/** Not recorded. */
export const notFound = () => new ServiceError(404, 'NotFound', 'The requested resource was not found.');

/** Documented as a status only; the code and `Retry-After` are not recorded. */
export const tooManyRequests = (retryAfterSeconds: number) =>
  new ServiceError(429, 'TooManyRequests', 'Too many requests.', {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
