import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen } from '../emulator/listen.ts';
import { Seen, serve } from '../emulator/serve.ts';
import { AccessTokens } from './identityTokens.ts';
import { appServiceProtocol, type ManagedIdentity } from './appServiceProtocol.ts';

export interface ManagedIdentityOptions {
  /** Milliseconds since 1970. */
  clock?: () => number;
  port?: number;
}

export interface ManagedIdentityEmulator extends Emulator {
  /** Client id of the user-assigned identity; without one the system-assigned identity answers. */
  clientId: string;
  faults: Faults;
  seen: Seen;
  /** What App Service puts into the environment of the app. */
  env(): { IDENTITY_ENDPOINT: string; IDENTITY_HEADER: string };
  /** Whether the token was issued here, for this audience (or one of these), and is not expired. */
  accepts(token: string, audience: string | readonly string[]): boolean;
  /** As if no identity were assigned to the app. */
  refuse(enabled: boolean): void;
}

/**
 * The token endpoint of Azure App Service. `@azure/identity` reads its address once per process and keeps tokens
 * until they expire, so a process works with one of these only.
 */
export async function startManagedIdentityEmulator({
  clock = Date.now,
  port = 0,
}: ManagedIdentityOptions = {}): Promise<ManagedIdentityEmulator> {
  const identity: ManagedIdentity = {
    systemAssigned: randomUUID(),
    userAssigned: randomUUID(),
    header: randomBytes(16).toString('hex').toUpperCase(),
    refused: false,
  };
  const tokens = new AccessTokens();
  const faults = new Faults();
  const seen = new Seen();
  const listener = await listen(serve(appServiceProtocol(identity, tokens, clock), faults, seen), { port });

  const refuse = (enabled: boolean) => {
    identity.refused = enabled;
  };

  return {
    name: 'identity',
    url: listener.url,
    clientId: identity.userAssigned,
    faults,
    seen,
    env: () => ({ IDENTITY_ENDPOINT: `${listener.url}/msi/token`, IDENTITY_HEADER: identity.header }),
    accepts(token, audience) {
      const claims = tokens.read(token);
      return claims !== undefined && [audience].flat().includes(claims.aud) && clock() < claims.exp * 1000;
    },
    refuse,
    state: () => ({
      systemAssigned: identity.systemAssigned,
      userAssigned: identity.userAssigned,
      refused: identity.refused,
      seen: seen.toJSON(),
      faults: faults.list(),
    }),
    commands: {
      refuse: command(
        'Behave as if no identity were assigned to the app.',
        z.strictObject({ enabled: z.boolean() }),
        ({ enabled }) => {
          refuse(enabled);
        },
      ),
      ...commonCommands(faults, seen),
    },
    close: () => listener.close(),
  };
}
