import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Command, command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen, type ServerCertificate } from '../emulator/listen.ts';
import { OperationCounts } from '../emulator/operationCounts.ts';
import { serve } from '../emulator/serve.ts';
import type { AccessKeys, KeyName } from './accessKeys.ts';
import type { AccessTokens } from './accessTokens.ts';
import { type BearerCheck, createResource } from './communicationResource.ts';
import { deleteIdentity } from './deleteIdentity.ts';
import type { Identities } from './identities.ts';
import { acsProtocol } from './protocol.ts';

/** How to start the Communication Services emulator. */
export interface AcsEmulatorOptions {
  port?: number | undefined;
  /** Adds a TLS listener on its own port. Bearer tokens require TLS. */
  certificate?: ServerCertificate | undefined;
  /** Epoch milliseconds. */
  clock?: (() => number) | undefined;
  /** Whether a bearer token may use the resource. Without it, none may. */
  bearer?: BearerCheck | undefined;
  /** Whether the service limits apply. */
  limits?: boolean | undefined;
}

/** A running Communication Services emulator. */
export interface AcsEmulator extends Emulator {
  /** The TLS origin; undefined without a certificate. */
  secureUrl: string | undefined;
  connectionString(key?: KeyName): string;
  accessKeys: AccessKeys;
  identities: Identities;
  accessTokens: AccessTokens;
  isTokenValid(token: string): Promise<boolean>;
  /** Gives every new token of a communication user this lifetime. `undefined` returns to the requested expiry. */
  setTokenLifetime(seconds: number | undefined): void;
  faults: Faults;
  requests: OperationCounts;
}

/** A year. */
const MAX_CLOCK_OFFSET_SECONDS = 366 * 24 * 60 * 60;
/** The longest that ACS issues. */
const MAX_LIFETIME_SECONDS = 24 * 60 * 60;

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
  const protocol = acsProtocol(resource);
  const faults = new Faults(protocol.operations);
  const requests = new OperationCounts();
  const handler = serve(protocol, faults, requests);
  const plain = await listen(handler, port === undefined ? {} : { port });
  const secure = certificate && (await listen(handler, { certificate }));
  const connectionString = (key: KeyName = 'primary') =>
    `endpoint=${plain.url}/;accesskey=${accessKeys.base64(key)}`;
  const setTokenLifetime = (seconds: number | undefined) => {
    resource.tokenLifetimeSeconds = seconds;
  };

  const commands: Record<string, Command> = {
    ...commonCommands(faults, requests),
    regenerateKey: command(
      'Regenerate an access key and revoke the tokens created with it. Returns the new connection string.',
      z.strictObject({ key: z.enum(['primary', 'secondary']).default('primary') }),
      ({ key }) => {
        accessKeys.regenerate(key);
        return { connectionString: connectionString(key) };
      },
    ),
    setLimits: command(
      'Turn the service limits on or off.',
      z.strictObject({ enabled: z.boolean() }),
      ({ enabled }) => {
        serviceLimits.enabled = enabled;
      },
    ),
    setClockOffset: command(
      'Set the difference between the clock of the service and of this machine.',
      z.strictObject({ seconds: z.number().min(-MAX_CLOCK_OFFSET_SECONDS).max(MAX_CLOCK_OFFSET_SECONDS) }),
      ({ seconds }) => {
        clockOffsetMs = seconds * 1000;
      },
    ),
    setTokenLifetime: command(
      'Set the lifetime of new tokens of communication users. Without it, tokens get the requested expiry.',
      z.strictObject({ seconds: z.int().min(1).max(MAX_LIFETIME_SECONDS).nullish() }),
      ({ seconds }) => {
        setTokenLifetime(seconds ?? undefined);
      },
    ),
    deleteIdentity: command(
      'Delete an identity, as another client would.',
      z.strictObject({ id: z.string() }),
      ({ id }) => {
        deleteIdentity(resource, { id });
      },
    ),
    createForeignIdentity: command(
      'Return the id of an identity of another resource.',
      z.strictObject({}),
      () => ({ id: `8:acs:${randomUUID()}_${randomUUID()}` }),
    ),
    checkToken: command(
      'Check whether an access token is valid. Returns the reason when it is not.',
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
    setTokenLifetime,
    faults,
    requests,
    commands,
    state: () => ({
      resourceId: identities.resourceId,
      requests: requests.toJSON(),
      identities: { count: identities.count, ids: identities.list(100) },
      faults: faults.list(),
      limits: serviceLimits.enabled,
      clockOffsetSeconds: clockOffsetMs / 1000,
      tokenLifetimeSeconds: resource.tokenLifetimeSeconds ?? null,
    }),
    async close() {
      await Promise.all([plain.close(), secure?.close()]);
    },
  };
}
