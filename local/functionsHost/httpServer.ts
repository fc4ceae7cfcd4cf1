import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartError } from './startError.ts';

const SHUTDOWN_GRACE_MS = 1_000;

/** A listening HTTP server. */
export interface HttpServer {
  port: number;
  /** Accepts no more requests, waits up to a second for running ones, then closes every connection. */
  close(): Promise<void>;
}

/** Listens on loopback only; port 0 takes a free port. */
export async function serveHttp(handler: RequestListener, port: number): Promise<HttpServer> {
  // Kestrel's limits. Node's default keep-alive of five seconds closes connections that Azure keeps open.
  const limits = { keepAliveTimeout: 130_000, maxHeaderSize: 32_768 };
  let closing = false;
  const server = createServer(limits, (request, response) => {
    response.once('close', () => {
      if (closing) server.closeIdleConnections();
    });
    handler(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: unknown) => {
    throw new StartError(listenFailure(error, port));
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      const timer = setTimeout(() => {
        server.closeAllConnections();
      }, SHUTDOWN_GRACE_MS);
      closing = true;
      server.close();
      await closed;
      clearTimeout(timer);
    },
  };
}

function listenFailure(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Choose another with --port.`;
  if (code === 'EACCES') return `Port ${port} requires administrator rights. Choose another with --port.`;
  return `Cannot listen on port ${port}: ${String(error)}`;
}
