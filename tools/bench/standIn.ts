import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { JWK } from 'jose';

/** How long Communication Services takes, and the signing keys of the issuer. */
export interface StandInSettings {
  delayMs: number;
  keys: JWK[];
}

const settings: StandInSettings = { delayMs: 0, keys: [] };
/** About as long as a real token. */
const token = ['e30', Buffer.alloc(600, 'a token ').toString('base64url'), 'c'.repeat(342)].join('.');

/**
 * Answers as Communication Services, the user table and an OpenID Connect issuer do, as cheaply as Node can: it checks
 * nothing, so that a measurement shows the cost of its callers. A process of its own; the emulators in local/ check
 * what they are sent, which would cost more than the service itself.
 */
const server = createServer((request, response) => {
  void answer(request, response);
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

process.on('message', (message: StandInSettings) => {
  Object.assign(settings, message);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit(0));
process.send?.(url);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  request.resume();
  if (path.includes('/:issueAccessToken')) {
    if (settings.delayMs > 0) await wait(settings.delayMs);
    reply(response, { token, expiresOn: new Date(Date.now() + 86_400_000).toISOString() });
  } else if (path.includes('/users()')) {
    reply(response, { value: [mapping(path)] });
  } else if (path.endsWith('/openid-configuration')) {
    reply(response, { issuer: url, jwks_uri: `${url}/keys` });
  } else if (path === '/keys') {
    reply(response, { keys: settings.keys });
  } else {
    response.writeHead(404).end();
  }
}

/** The row of the user that the query asks for. */
function mapping(path: string) {
  const [, subject = ''] = /PartitionKey%20eq%20%27([^%]*)%27/.exec(path) ?? [];
  return {
    'odata.etag': `W/"datetime'2026-01-01T00%3A00%3A00Z'"`,
    PartitionKey: subject,
    RowKey: 'mapping',
    Timestamp: '2026-01-01T00:00:00Z',
    communicationUserId: '8:acs:00000000-0000-4000-8000-000000000001_00000000-0000-4000-8000-000000000002',
  };
}

function reply(response: ServerResponse, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
