import { fork } from 'node:child_process';
import { join } from 'node:path';
import { SAMPLE_CLIENT } from './sampleClient.ts';

/** A message to the provider's process. */
export type ProviderCall = { id: number } & ProviderRequest;
type ProviderRequest =
  | { name: 'sign'; claims: Record<string, unknown>; header: Record<string, unknown> }
  | { name: 'rotateKeys' }
  | { name: 'setDown'; down: boolean };

/** The reply of the provider's process. The first reply has id 0 and holds the issuer. */
export interface ProviderReply {
  id: number;
  result: string | undefined;
}

/** A running OpenID Connect provider. */
export interface OidcProvider {
  issuer: string;
  audience: string;
  /** Where any program gets an access token of the user, as text. */
  tokenUrl(username: string): string;
  /** Gets an access token of the user. */
  tokenFor(username: string): Promise<string>;
  /** An ID token of the user, whose audience is the app and not the API. */
  idTokenFor(username: string): Promise<string>;
  /** Signs any claims with the provider's current key. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Replaces the signing key. The provider stops publishing the old one. */
  rotateKeys(): Promise<void>;
  /** Makes every request return 503. */
  setDown(down: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real OpenID Connect provider on loopback, in a child process. */
export async function startOidcProvider({
  audience,
  adminRole = 'TokenService.Admin',
  port = 0,
  signal,
}: {
  audience: string;
  adminRole?: string;
  /** 0 takes a free port. */
  port?: number;
  /** Ends the provider when it aborts. */
  signal?: AbortSignal | undefined;
}): Promise<OidcProvider> {
  const child = fork(join(import.meta.dirname, 'providerProcess.ts'), [audience, adminRole, String(port)], {
    execArgv: [],
    // The provider warns about settings that are unsafe in production.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal,
  });
  child.on('error', () => undefined);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  child.on('message', ({ id, result = '' }: ProviderReply) => {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
  });
  void exited.then(() => {
    const why = port === 0 ? '' : ` Is port ${port} in use?`;
    for (const { reject } of waiting.values()) {
      reject(new Error(`The OpenID Connect provider exited.${why}`));
    }
  });
  const replyTo = (id: number): Promise<string> => {
    const reply = Promise.withResolvers<string>();
    waiting.set(id, reply);
    return reply.promise;
  };
  const issuer = await replyTo(0);
  const tokenUrl = (username: string) => `${issuer}/sample-token/${encodeURIComponent(username)}`;

  let calls = 0;
  const call = (request: ProviderRequest): Promise<string> => {
    calls += 1;
    const reply = replyTo(calls);
    child.send({ id: calls, ...request });
    return reply;
  };
  const sign: OidcProvider['sign'] = (claims, header = {}) => call({ name: 'sign', claims, header });

  return {
    issuer,
    audience,
    sign,
    tokenUrl,
    async tokenFor(username) {
      const response = await fetch(tokenUrl(username));
      const text = await response.text();
      if (!response.ok) throw new Error(`The provider returned ${response.status}: ${text}`);
      return text;
    },
    idTokenFor(username) {
      const now = Math.floor(Date.now() / 1000);
      return sign(
        { iss: issuer, aud: SAMPLE_CLIENT, sub: username, iat: now, exp: now + 600 },
        { typ: 'JWT' },
      );
    },
    async rotateKeys() {
      await call({ name: 'rotateKeys' });
    },
    async setDown(down) {
      await call({ name: 'setDown', down });
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
