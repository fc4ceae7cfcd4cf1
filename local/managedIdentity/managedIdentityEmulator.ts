import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { command, commonCommands, type Emulator } from '../emulator/emulator.ts';
import { Faults } from '../emulator/faults.ts';
import { listen } from '../emulator/listen.ts';
import { OperationCounts } from '../emulator/operationCounts.ts';
import { serve } from '../emulator/serve.ts';
import { EntraTokens } from './entraTokens.ts';
import { appServiceProtocol, type ManagedIdentity } from './appServiceProtocol.ts';

/** How to start the managed identity emulator. */
export interface ManagedIdentityOptions {
  /** Milliseconds since 1970. */
  clock?: () => number;
  port?: number;
}

/** A running managed identity emulator. */
export interface ManagedIdentityEmulator extends Emulator {
  /** Ids of the user-assigned identity. A request without one of them gets the system-assigned identity. */
  clientId: string;
  principalId: string;
  resourceId: string;
  faults: Faults;
  requests: OperationCounts;
  /** The environment variables that App Service sets for the app. */
  env(): { IDENTITY_ENDPOINT: string; IDENTITY_HEADER: string };
  /** Whether this emulator issued the token for the audience, or one of them, and it has not expired. */
  accepts(token: string, audience: string | readonly string[]): boolean;
  /** Simulates an app without an assigned identity. */
  refuse(enabled: boolean): void;
}

/**
 * Starts the managed identity endpoint of App Service on loopback. `@azure/identity` reads its address once per
 * process and caches tokens until they expire, so a process can use only one emulator.
 */
export async function startManagedIdentityEmulator({
  clock = Date.now,
  port = 0,
}: ManagedIdentityOptions = {}): Promise<ManagedIdentityEmulator> {
  const identity: ManagedIdentity = {
    systemAssigned: { clientId: randomUUID() },
    userAssigned: {
      clientId: randomUUID(),
      principalId: randomUUID(),
      resourceId: `/subscriptions/${randomUUID()}/resourceGroups/local/providers/Microsoft.ManagedIdentity/userAssignedIdentities/emulator`,
    },
    header: randomBytes(16).toString('hex').toUpperCase(),
    refused: false,
  };
  const tokens = new EntraTokens();
  const protocol = appServiceProtocol(identity, tokens, clock);
  const faults = new Faults(protocol.operations);
  const requests = new OperationCounts();
  const listener = await listen(serve(protocol, faults, requests), { port });

  const refuse = (enabled: boolean) => {
    identity.refused = enabled;
  };

  return {
    name: 'identity',
    url: listener.url,
    ...identity.userAssigned,
    faults,
    requests,
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
      requests: requests.toJSON(),
      faults: faults.list(),
    }),
    commands: {
      refuse: command(
        'Simulate an app without an assigned identity.',
        z.strictObject({ enabled: z.boolean() }),
        ({ enabled }) => {
          refuse(enabled);
        },
      ),
      ...commonCommands(faults, requests),
    },
    close: () => listener.close(),
  };
}
