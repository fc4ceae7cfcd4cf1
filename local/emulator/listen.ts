import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

/** A certificate and its private key, both PEM. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

/** A listening server. */
export interface Listener {
  /** Origin without a trailing slash, e.g. `https://127.0.0.1:41234`. */
  url: string;
  port: number;
  /** Closes every connection immediately. */
  close(): Promise<void>;
}

/** Serves on loopback only; `port` 0 takes a free port. Rejects with the system's error when the port is in use. */
export async function listen(
  handler: RequestListener,
  { port = 0, certificate }: { port?: number; certificate?: ServerCertificate | undefined } = {},
): Promise<Listener> {
  const server: Server = certificate ? createTlsServer(certificate, handler) : createServer(handler);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    port: address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
