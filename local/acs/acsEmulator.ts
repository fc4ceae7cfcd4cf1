import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Command, command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen, type ServerCertificate } from '../emulator/listen.ts';
import { Seen, serve } from '../emulator/serve.ts';
import type { AccessKeys, KeyName } from './accessKeys.ts';
import type { AccessTokens } from './userTokens.ts';
import { type BearerJudge, createResource } from './communicationResource.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import type { Identities } from './identities.ts';
import { acsProtocol } from './protocol.ts';

export interface AcsEmulatorOptions {
  port?: number | undefined;
  /** Serves over TLS as well, on a port of its own: what bearer tokens need. */
  certificate?: ServerCertificate | undefined;
  /** Epoch milliseconds. */
  clock?: (() => number) | undefined;
  /** Whether a bearer token may use the resource; none may when absent. */
  bearer?: BearerJudge | undefined;
  /** Whether the service limits apply. */
  limits?: boolean | undefined;
}

export interface AcsEmulator extends Emulator {
  /** The TLS origin, when a certificate was given. */
  secureUrl: string | undefined;
  connectionString(key?: KeyName): string;
  accessKeys: AccessKeys;
  identities: Identities;
  accessTokens: AccessTokens;
  isTokenValid(token: string): Promise<boolean>;
  faults: Faults;
  seen: Seen;
}

/** Starts an emulated Communication Services resource on loopback. */
export async function startAcsEmulator({
  port,
  certificate,
  clock = Date.now,
  bearer = () => false,
  limits = true,
}: AcsEmulatorOptions = {}): Promise<AcsEmulator> {
  let clockOffsetMs = 0;
  const resource = await createResource(() => clock() + clockOffsetMs, bearer, limits);
  const { accessKeys, identities, accessTokens, serviceLimits } = resource;
  const faults = new Faults();
  const seen = new Seen();
  const handler = serve(acsProtocol(resource), faults, seen);
  const plain = await listen(handler, port === undefined ? {} : { port });
  const secure = certificate && (await listen(handler, { certificate }));
  const connectionString = (key: KeyName = 'primary') =>
    `endpoint=${plain.url}/;accesskey=${accessKeys.base64(key)}`;

  const commands: Record<string, Command> = {
    ...commonCommands(faults, seen),
    regenerateKey: command(
      'Replace an access key; tokens created with it stop being valid. Answers the new connection string.',
      z.strictObject({ key: z.enum(['primary', 'secondary']).default('primary') }),
      ({ key }) => {
        accessKeys.regenerate(key);
        return { connectionString: connectionString(key) };
      },
    ),
    setLimits: command(
      'Switch the service limits on or off.',
      z.strictObject({ enabled: z.boolean() }),
      (to) => {
        serviceLimits.enabled = to.enabled;
      },
    ),
    setClockOffset: command(
      "Move the service's clock away from this machine's.",
      z.strictObject({ seconds: z.number() }),
      ({ seconds }) => {
        clockOffsetMs = seconds * 1000;
      },
    ),
    deleteIdentity: command(
      'Delete an identity without a request to the service.',
      z.strictObject({ id: z.string() }),
      ({ id }) => {
        deleteIdentity(resource, { id });
      },
    ),
    createForeignIdentity: command(
      'Answer the id of an identity that belongs to another resource.',
      z.strictObject({}),
      () => ({ id: `8:acs:${randomUUID()}_${randomUUID()}` }),
    ),
    checkToken: command(
      'Tell whether an access token is valid, and why not.',
      z.strictObject({ token: z.string() }),
      ({ token }) => accessTokens.check(token),
    ),
  };

  return {
    name: 'acs',
    url: plain.url,
    secureUrl: secure?.url,
    connectionString,
    accessKeys,
    identities,
    accessTokens,
    isTokenValid: async (token) => (await accessTokens.check(token)).valid,
    faults,
    seen,
    commands,
    state: () => ({
      resourceId: identities.resourceId,
      requests: seen.toJSON(),
      identities: { count: identities.count, ids: identities.list(100) },
      faults: faults.list(),
      limits: serviceLimits.enabled,
      clockOffsetSeconds: clockOffsetMs / 1000,
    }),
    async close() {
      await Promise.all([plain.close(), secure?.close()]);
    },
  };
}
