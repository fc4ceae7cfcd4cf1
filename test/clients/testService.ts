import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import type { Bearer } from './cases.ts';

/** The service that the clients call, and what it answered to them. */
export class TestService {
  readonly acs: LocalService['azure']['acs'];
  readonly #service: LocalService;
  readonly #log: RequestEvent[];

  constructor(service: LocalService, log: RequestEvent[]) {
    this.acs = service.azure.acs;
    this.#service = service;
    this.#log = log;
  }

  get api(): string {
    return `${this.#service.url}/api`;
  }

  /** A bearer token of the user. */
  async bearerToken(kind: Bearer, user: string): Promise<string> {
    const provider = this.#service.signIn?.provider;
    if (provider === undefined) throw new Error('The service has no identity provider.');
    if (kind === 'valid') return provider.tokenFor(user);
    const now = Math.floor(Date.now() / 1000);
    const age = kind === 'rejected' ? 3600 : 0;
    const { issuer: iss, audience: aud } = provider;
    return provider.sign({ iss, aud, sub: user, iat: now - age, exp: now - age + 600 });
  }

  /** Takes the requests for tokens since the last call. */
  async takeRequests(): Promise<RequestEvent[]> {
    // The log arrives in order, so the event of this request is the last one.
    await fetch(`${this.api}/users/me`, { method: 'DELETE' });
    while (this.#log.at(-1)?.function !== 'deleteUser') await new Promise(setImmediate);
    return this.#log.splice(0).filter((event) => event.function === 'issueToken');
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }
}

interface RequestEvent {
  event: 'request';
  function: string;
  status: number;
  communicationUser?: string;
}

/** Starts the service with signed-in callers. */
export async function startTestService(signal: AbortSignal): Promise<TestService> {
  const log: RequestEvent[] = [];
  const service = await startLocalService({
    app: '.',
    port: 0,
    callers: 'oidc',
    settings: () => ({ CALLER_REQUESTS_PER_MINUTE: '0', REQUEST_DEADLINE_SECONDS: '10' }),
    onLog(line) {
      const [json] = /\{"event":"request".*\}/.exec(line) ?? [];
      if (json !== undefined) log.push(JSON.parse(json) as RequestEvent);
    },
    signal,
  });
  return new TestService(service, log);
}

/** The URL of a service that does not run. */
export async function unusedApi(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/api`;
}
