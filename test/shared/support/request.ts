import { HttpRequest } from '@azure/functions';

interface RequestOptions {
  method?: string;
  /** With its question mark. */
  query?: string;
  userId?: string;
  headers?: Record<string, string>;
  /** Sent as application/json unless `headers` say otherwise. */
  body?: string | Uint8Array;
}

/** A request as the Functions host hands it to a function. */
export function request({
  method = 'POST',
  query = '',
  userId,
  body,
  headers = body === undefined ? {} : { 'content-type': 'application/json' },
}: RequestOptions = {}): HttpRequest {
  return new HttpRequest({
    method,
    url: `http://localhost/api/users${query}`,
    headers,
    ...(userId === undefined ? {} : { params: { userId } }),
    ...(body === undefined ? {} : { body: { bytes: Buffer.from(body) } }),
  });
}
