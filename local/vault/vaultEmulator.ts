import { z } from 'zod';
import { command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen, type ServerCertificate } from '../emulator/listen.ts';
import { Seen, serve } from '../emulator/serve.ts';
import { secretNameSchema, Secrets } from './secrets.ts';
import { vaultProtocol } from './vaultProtocol.ts';

export interface VaultOptions {
  certificate: ServerCertificate;
  /** Whether a bearer token is good for this vault. */
  accepts: (bearer: string) => boolean;
  /** Milliseconds since 1970. */
  clock?: () => number;
  port?: number;
}

export interface VaultEmulator extends Emulator {
  faults: Faults;
  /** `getSecret`, `setSecret`, …; a client's first request, without a token, counts as `challenge`. */
  seen: Seen;
  /** Adds a version, which becomes the current one, and returns its id. */
  setSecret(name: string, value: string, options?: { enabled?: boolean }): string;
  /** Enables or disables the current version. */
  enableSecret(name: string, enabled: boolean): void;
  /** The same as `enableSecret(name, false)`. */
  disableSecret(name: string): void;
  /** As if the caller's role assignment were missing. */
  denyAccess(enabled: boolean): void;
}

/**
 * The secrets of one Key Vault, over TLS only. Clients need `disableChallengeResourceVerification`, since its
 * address is not below vault.azure.net.
 */
export async function startVaultEmulator({
  certificate,
  accepts,
  clock = Date.now,
  port = 0,
}: VaultOptions): Promise<VaultEmulator> {
  const secrets = new Secrets(clock);
  const access = { accepts, denied: false };
  const faults = new Faults();
  const seen = new Seen();
  const listener = await listen(serve(vaultProtocol(secrets, access), faults, seen), { port, certificate });

  const setSecret = (name: string, value: string, { enabled = true }: { enabled?: boolean } = {}) =>
    secrets.add(secretNameSchema.parse(name), value, { attributes: { enabled } }).version;
  const enableSecret = (name: string, enabled: boolean) => {
    const secret = secrets.get(name);
    if (secret === undefined) throw new Error(`The vault has no secret '${name}'.`);
    secrets.update(secret, { attributes: { enabled } });
  };
  const denyAccess = (enabled: boolean) => {
    access.denied = enabled;
  };

  return {
    name: 'vault',
    url: listener.url,
    faults,
    seen,
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
      seen: seen.toJSON(),
      faults: faults.list(),
    }),
    commands: {
      setSecret: command(
        'Add a version of a secret, which becomes the current one; returns its id.',
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
        "Behave as if the caller's role assignment were missing.",
        z.strictObject({ enabled: z.boolean() }),
        ({ enabled }) => {
          denyAccess(enabled);
        },
      ),
      ...commonCommands(faults, seen),
    },
    close: () => listener.close(),
  };
}
