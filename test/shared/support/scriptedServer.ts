import { afterAll } from '@jest/globals';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, type ServerCertificate } from '../../../local/emulator/listen.ts';

const servers: ScriptedServer[] = [];

afterAll(() => Promise.all(servers.map((server) => server.close())));

/** Answers one request. */
export type Answer = (response: ServerResponse) => void;

/** A server on loopback with responses that no emulator would send. */
export interface ScriptedServer {
  url: string;
  /** The answers to the next requests; the last one is repeated. */
  script: Answer[];
  /** The headers of the requests so far. */
  requests: IncomingHttpHeaders[];
  close(): Promise<void>;
}

export async function startScriptedServer(certificate?: ServerCertificate): Promise<ScriptedServer> {
  const script: Answer[] = [];
  const requests: IncomingHttpHeaders[] = [];
  const listener = await listen(
    (request, response) => {
      requests.push(request.headers);
      const answer = script.length > 1 ? script.shift() : script[0];
      void text(request).then(() => answer?.(response));
    },
    { certificate },
  );
  let closed: Promise<void> | undefined;
  const server = { url: listener.url, script, requests, close: () => (closed ??= listener.close()) };
  servers.push(server);
  return server;
}

export function status(code: number, headers: Record<string, string> = {}, body?: unknown): Answer {
  return (response) => {
    response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
}

export const drop: Answer = (response) => response.destroy();
export const hang: Answer = () => undefined;
