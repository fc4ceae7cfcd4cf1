import type { ServerResponse } from 'node:http';
import { createGzip, gzipSync } from 'node:zlib';
import type { Answer } from '../shared/support/scriptedServer.ts';

const MEBIBYTE = 1024 * 1024;

/** A complete response with a JSON body, unless `headers` say otherwise. */
export function body(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  };
}

export function html(status: number): Answer {
  return body(status, '<html><body>Welcome</body></html>', { 'Content-Type': 'text/html' });
}

/** Sends the connection's end instead of a response. */
export const close: Answer = (response) => response.destroy();
export const reset: Answer = (response) => {
  resetConnection(response);
};
export const hang: Answer = () => undefined;
export const noHttp: Answer = (response) => response.socket?.end('220 mail.example.com ESMTP\r\n');

export const hangAfterHeaders: Answer = (response) => {
  startJson(response).flushHeaders();
};

export const hangInBody: Answer = (response) => {
  startJson(response).write('{"identity":');
};

export const resetInBody: Answer = (response) => {
  startJson(response).write('{"identity":', () => {
    resetConnection(response);
  });
};

/** A byte every 50 ms, without an end. */
export const drip: Answer = (response) => {
  startJson(response);
  const timer = setInterval(() => response.write(' '), 50);
  response.once('close', () => {
    clearInterval(timer);
  });
};

export const endless: Answer = (response) => {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const fill = () => {
    while (response.write(chunk));
  };
  startJson(response).on('drain', fill);
  fill();
};

export const huge: Answer = (response) => {
  startJson(response).end(Buffer.alloc(64 * MEBIBYTE, ' '));
};

let compressed: Buffer | undefined;
/** 64 MiB in 64 KiB. */
export const compressedHuge: Answer = (response) => {
  compressed ??= gzipSync(Buffer.alloc(64 * MEBIBYTE, ' '));
  startJson(response, { 'Content-Encoding': 'gzip' }).end(compressed);
};

export const resetWhileCompressed: Answer = (response) => {
  const gzip = createGzip();
  startJson(response, { 'Content-Encoding': 'gzip' });
  gzip.pipe(response, { end: false });
  gzip.write('{"identity":');
  gzip.flush(() => {
    resetConnection(response);
  });
};

export function redirect(status: number, location?: string): Answer {
  return (response) => {
    const self = `http://${response.req.headers.host ?? ''}${response.req.url ?? ''}`;
    body(status, '', { Location: location ?? self })(response);
  };
}

/** With a TCP reset; a TLS connection is only closed. */
function resetConnection({ socket }: ServerResponse): void {
  if (socket === null || 'encrypted' in socket) socket?.destroy();
  else socket.resetAndDestroy();
}

function startJson(response: ServerResponse, headers: Record<string, string> = {}): ServerResponse {
  // A client that has enough closes the connection while the response is being written.
  response.on('error', () => undefined);
  return response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
}
