import type { TokenCredential } from '@azure/core-auth';
import { AcsIdentity } from './acs/acsIdentity.ts';
import { type CallerLimit, limitCallers } from './callers/rateLimit.ts';
import { type Callers, functionKeyCallers } from './callers/caller.ts';
import { readSettings, type Settings } from './config.ts';
import { ConnectionStringReader } from './keyVault/connectionStringReader.ts';
import { azureCredential } from './azure/credential.ts';
import { Fault } from './errors.ts';
import { connectionStringClients, type IdentityClients, keylessClients } from './acs/identityClients.ts';
import { oidcCallers } from './callers/oidcCallers.ts';
import { OidcIssuer } from './callers/oidcIssuer.ts';
import { TokenService } from './tokenService.ts';
import { vaultSecret } from './keyVault/vaultSecret.ts';

/** What a request is served with. */
export interface Parts {
  settings: Settings;
  callers: Callers;
  limit: CallerLimit;
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
    const settings = readSettings(env);
    const parts = assemble(settings);
    return { authLevel: settings.signIn === undefined ? 'function' : 'anonymous', parts: () => parts };
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
  const { signIn } = settings;
  const credential = azureCredential(settings.identity);
  const { clients, checks } = connect(settings, credential);
  const acs = new AcsIdentity(clients);
  const parts = { settings, limit: limitCallers(settings.requestsPerMinute), checks };
  if (signIn === undefined) {
    return {
      ...parts,
      callers: functionKeyCallers,
      tokens: new TokenService(acs, undefined, settings.tokens),
    };
  }
  const issuer = new OidcIssuer(signIn.issuer);
  const directory = openOnce(async () => {
    // Loading the table SDK takes time that services called with function keys need not spend.
    const { userTable } = await import('./users/userTable.ts');
    const { UserDirectory } = await import('./users/userDirectory.ts');
    return new UserDirectory(userTable(signIn.userTable, credential), (userId, signal) =>
      acs.deleteUser(userId, signal),
    );
  });
  return {
    ...parts,
    callers: oidcCallers(signIn, issuer),
    tokens: new TokenService(acs, directory, settings.tokens),
    checks: {
      ...checks,
      issuer: (signal) => issuer.keys(signal),
      userDirectory: async (signal) => (await directory()).ownerOf('', signal),
    },
  };
}

function openOnce<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

function connect(
  { acs, deadlineMs }: Settings,
  credential: TokenCredential,
): { clients: IdentityClients; checks: Parts['checks'] } {
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
