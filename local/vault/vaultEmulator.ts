import { z } from 'zod';
import { command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen, type ServerCertificate } from '../emulator/listen.ts';
import { OperationCounts } from '../emulator/operationCounts.ts';
import { serve } from '../emulator/serve.ts';
import { secretNameSchema, Secrets } from './secrets.ts';
import { vaultProtocol } from './vaultProtocol.ts';

/** How to start the vault emulator. */
export interface VaultOptions {
  certificate: ServerCertificate;
  /** Whether a bearer token is valid for this vault. */
  accepts: (bearer: string) => boolean;
  /** Milliseconds since 1970. */
  clock?: () => number;
  port?: number;
}

/** A running vault emulator. */
export interface VaultEmulator extends Emulator {
  faults: Faults;
  /** Counts `getSecret`, and `challenge` for a client's first request, which has no token. */
  requests: OperationCounts;
  /** Adds a version, which becomes the current one. Returns its id. */
  setSecret(name: string, value: string, options?: { enabled?: boolean }): string;
  /** Enables or disables the current version. */
  enableSecret(name: string, enabled: boolean): void;
  /** The same as `enableSecret(name, false)`. */
  disableSecret(name: string): void;
  /** Simulates a missing role assignment. */
  denyAccess(enabled: boolean): void;
}

/**
 * Starts an emulated Key Vault on loopback, over TLS only. Clients must set `disableChallengeResourceVerification`,
 * because its address does not end with vault.azure.net.
 */
export async function startVaultEmulator({
  certificate,
  accepts,
  clock = Date.now,
  port = 0,
}: VaultOptions): Promise<VaultEmulator> {
  const secrets = new Secrets(clock);
  const access = { accepts, denied: false };
  const protocol = vaultProtocol(secrets, access);
  const faults = new Faults(protocol.operations);
  const requests = new OperationCounts();
  const listener = await listen(serve(protocol, faults, requests), { port, certificate });

  const setSecret = (name: string, value: string, { enabled = true }: { enabled?: boolean } = {}) =>
    secrets.add(secretNameSchema.parse(name), value, enabled).version;
  const enableSecret = (name: string, enabled: boolean) => {
    const secret = secrets.get(name);
    if (secret === undefined) throw new Error(`Unknown secret '${name}'.`);
    secrets.enable(secret, enabled);
  };
  const denyAccess = (enabled: boolean) => {
    access.denied = enabled;
  };

  return {
    name: 'vault',
    url: listener.url,
    faults,
    requests,
    setSecret,
    enableSecret,
    disableSecret(name) {
      enableSecret(name, false);
    },
    denyAccess,
    state: () => ({
      secrets: secrets.current().map(({ name, attributes }) => ({
        name,
        versions: secrets.versions(name).length,
        enabled: attributes.enabled,
      })),
      accessDenied: access.denied,
      requests: requests.toJSON(),
      faults: faults.list(),
    }),
    commands: {
      setSecret: command(
        'Add a version of a secret, which becomes the current one. Returns its id.',
        z.strictObject({ name: secretNameSchema, value: z.string() }),
        ({ name, value }) => ({ version: setSecret(name, value) }),
      ),
      enableSecret: command(
        'Enable or disable the current version of a secret.',
        z.strictObject({ name: secretNameSchema, enabled: z.boolean() }),
        ({ name, enabled }) => {
          enableSecret(name, enabled);
        },
      ),
      denyAccess: command(
        'Simulate a missing role assignment.',
        z.strictObject({ enabled: z.boolean() }),
        ({ enabled }) => {
          denyAccess(enabled);
        },
      ),
      ...commonCommands(faults, requests),
    },
    close: () => listener.close(),
  };
}
