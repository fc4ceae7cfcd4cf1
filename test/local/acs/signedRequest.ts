import { createHash, createHmac } from 'node:crypto';

interface SignedRequest {
  method?: string;
  /** Path and query. */
  target: string;
  body?: unknown;
  date?: Date;
}

/** Signs a request as the GA SDK does, for requests that no SDK sends. */
export function sign(url: string, accessKey: string, request: SignedRequest): Record<string, string> {
  const { method = 'POST', target, body, date = new Date() } = request;
  const text = body === undefined ? '' : JSON.stringify(body);
  const contentHash = createHash('sha256').update(text).digest('base64');
  const values = [date.toUTCString(), new URL(url).host, contentHash];
  const signature = createHmac('sha256', Buffer.from(accessKey, 'base64'))
    .update(`${method}\n${target}\n${values.join(';')}`)
    .digest('base64');
  return {
    'x-ms-date': date.toUTCString(),
    'x-ms-content-sha256': contentHash,
    Authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
  };
}

export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Sends the request with the given headers, or signed with the given key. */
export async function send(
  url: string,
  auth: string | Record<string, string>,
  request: SignedRequest,
): Promise<Reply> {
  const response = await fetch(url + request.target, {
    method: request.method ?? 'POST',
    headers: typeof auth === 'string' ? sign(url, auth, request) : auth,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

/** An error response, for `toMatchObject`. */
export const errorResponse = (status: number, code: string, message?: string) => ({
  status,
  body: { error: { code, ...(message === undefined ? {} : { message }) } },
});
