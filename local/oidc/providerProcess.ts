import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTPayload, SignJWT } from 'jose';
import { isLoopbackHost } from '../loopbackOrigin.ts';
import { createProvider, createSigningKey } from './provider.ts';
import { SAMPLE_CLIENT, SAMPLE_GRANT } from './sampleClient.ts';
import type { ProviderCall, ProviderReply } from './startOidcProvider.ts';

const [audience = '', adminRole = '', port = '0'] = process.argv.slice(2);
let down = false;
let signingKey = createSigningKey();
let handle: ReturnType<ReturnType<typeof createProvider>['callback']>;

const server = createServer((request, response) => {
  const [, username] = /^\/sample-token\/([^/?]+)$/.exec(request.url ?? '') ?? [];
  if (!isLoopbackHost(request.headers.host)) response.writeHead(403).end();
  else if (down) response.writeHead(503).end();
  else if (username !== undefined) void sampleToken(decodeURIComponent(username), response);
  else void handle(request, response);
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
useKey();

/** A provider cannot change its keys, so a new key requires a new provider at the same address. */
function useKey(): void {
  handle = createProvider({ issuer, audience, adminRole, signingKey }).callback();
}

/** Sends an access token of the user as text, for scripts: they need no JSON parser. */
async function sampleToken(username: string, response: ServerResponse): Promise<void> {
  const body = new URLSearchParams({ grant_type: SAMPLE_GRANT, client_id: SAMPLE_CLIENT, username });
  const issued = await fetch(`${issuer}/token`, { method: 'POST', body });
  const { access_token: token } = (await issued.json()) as { access_token: string };
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end(token);
}

async function sign(claims: JWTPayload, header: object): Promise<string> {
  const { alg, kid } = signingKey;
  return new SignJWT(claims)
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
    .sign(await importJWK(signingKey, alg));
}

async function run(call: ProviderCall): Promise<string | undefined> {
  switch (call.name) {
    case 'sign':
      return sign(call.claims, call.header);
    case 'rotateKeys':
      signingKey = createSigningKey();
      useKey();
      return undefined;
    case 'setDown':
      down = call.down;
      return undefined;
  }
}

process.on('disconnect', () => process.exit(0));
if (!process.connected) process.exit(0);
// Ctrl-C reaches every process of the terminal; this process exits with its parent.
process.on('SIGINT', () => undefined);
process.on('message', (call: ProviderCall) => {
  void run(call).then((result) => process.send?.({ id: call.id, result } satisfies ProviderReply));
});
process.send?.({ id: 0, result: issuer } satisfies ProviderReply);
