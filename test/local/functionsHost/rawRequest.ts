import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends the path unchanged; fetch would normalize it. */
export function rawRequest(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      text(response)
        .then((answer) => {
          resolve({ status: response.statusCode, headers: response.headers, body: answer });
        })
        .catch(reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
