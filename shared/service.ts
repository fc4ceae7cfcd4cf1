import { AcsIdentity } from './acsIdentity.ts';
import { type Callers, functionKeyCallers } from './callers.ts';
import { readSettings, type Settings } from './config.ts';
import { ConnectionStringReader } from './connectionStringReader.ts';
import { azureCredential } from './credential.ts';
import { Fault } from './fault.ts';
import { connectionStringClients, type IdentityClients, keylessClients } from './identityClients.ts';
import { TokenService } from './tokenService.ts';
import { vaultSecret } from './vault.ts';

/** What a request is served with. */
export interface Parts {
  settings: Settings;
  callers: Callers;
  tokens: TokenService;
  /** The names of what this service depends on, each with a cheap question whether it is there. */
  checks: Record<string, (signal: AbortSignal) => Promise<unknown>>;
}

export interface Service {
  /** What the Functions host demands of a request before any code of ours runs. */
  authLevel: 'function' | 'anonymous';
  /** Throws `misconfigured` as long as the settings are wrong. */
  parts(): Parts;
}

/**
 * Builds the service from the environment, once per process. Wrong settings do not throw here, since an app
 * that fails to load answers nothing at all: each request is answered `misconfigured` instead.
 */
export function startService(
  env?: NodeJS.ProcessEnv,
  report: (line: string) => void = console.error,
): Service {
  try {
    const parts = assemble(readSettings(env));
    return { authLevel: 'function', parts: () => parts };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(`The settings are wrong: ${error.note ?? ''}`);
    return {
      authLevel: 'function',
      parts: () => {
        throw error;
      },
    };
  }
}

function assemble(settings: Settings): Parts {
  const { clients, checks } = connect(settings);
  const tokens = new TokenService(new AcsIdentity(clients), settings.tokens);
  return { settings, callers: functionKeyCallers, tokens, checks };
}

function connect({ acs, identity, deadlineMs }: Settings): {
  clients: IdentityClients;
  checks: Parts['checks'];
} {
  const credential = azureCredential(identity);
  if ('endpoint' in acs) return { clients: keylessClients(acs.endpoint, credential), checks: {} };

  const reader = new ConnectionStringReader(vaultSecret(acs.vault, acs.secretName, credential), {
    ttlMs: acs.secretTtlMs,
    // Half of a request's time, so that the last good value can still be used when the vault hangs.
    timeoutMs: deadlineMs / 2,
  });
  return {
    clients: connectionStringClients(reader),
    checks: { connectionString: (signal) => reader.get(signal) },
  };
}
