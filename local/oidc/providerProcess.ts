import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTPayload, SignJWT } from 'jose';
import { createProvider, createSigningKey } from './provider.ts';
import type { ProviderCall, ProviderReply } from './startOidcProvider.ts';

const [audience = '', adminRole = ''] = process.argv.slice(2);
let down = false;
let signingKey = createSigningKey();
let handle: ReturnType<ReturnType<typeof createProvider>['callback']>;

const server = createServer((request, response) => {
  if (down) response.writeHead(503).end();
  else void handle(request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
useKey();

/** A provider cannot change its keys, so a new key requires a new provider at the same address. */
function useKey(): void {
  handle = createProvider({ issuer, audience, adminRole, signingKey }).callback();
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
