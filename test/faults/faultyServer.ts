import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { listen, type Listener, type ServerCertificate } from '../../local/emulator/listen.ts';
import type { Answer } from '../shared/support/scriptedServer.ts';

/** Stands before another server on loopback. */
export interface FaultyServer extends Listener {
  /** Origin of the other server. */
  target: string;
  /** Answers every request while it is set; otherwise the other server does. */
  fault: Answer | undefined;
  /** How long each request waits before it is passed on. */
  delayMs: number;
}

export async function startFaultyServer(
  target: string,
  certificate?: ServerCertificate,
): Promise<FaultyServer> {
  const listener = await listen(
    (request, response) => {
      if (server.fault !== undefined) {
        const { fault } = server;
        void buffer(request).then(() => {
          fault(response);
        });
        return;
      }
      const { method, headers } = request;
      request.pause();
      const { request: send } = server.target.startsWith('https:') ? https : http;
      const forwarded = send(new URL(request.url ?? '/', server.target), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
        answer.pipe(response);
      });
      forwarded.on('error', () => response.destroy());
      setTimeout(() => request.pipe(forwarded), server.delayMs);
    },
    { certificate },
  );
  const server: FaultyServer = { ...listener, target, fault: undefined, delayMs: 0 };
  return server;
}
