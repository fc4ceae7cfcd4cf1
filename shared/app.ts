import type { TokenCredential } from '@azure/core-auth';
import { AcsIdentity } from './acs/acsIdentity.ts';
import { connectionStringClients, type IdentityClients, keylessClients } from './acs/identityClients.ts';
import { azureCredential } from './azure/credential.ts';
import { abortable } from './azure/deadline.ts';
import { lazy } from './azure/singleFlight.ts';
import { type Callers, functionKeyCallers } from './callers/caller.ts';
import { oidcCallers } from './callers/oidcCallers.ts';
import { OidcIssuer } from './callers/oidcIssuer.ts';
import { createRateLimit, type RateLimit } from './callers/rateLimit.ts';
import { readSettings, type Settings } from './config.ts';
import { ServiceError } from './errors.ts';
import { ConnectionStringReader } from './keyVault/connectionStringReader.ts';
import { vaultSecret } from './keyVault/vaultSecret.ts';
import { TokenService } from './tokenService.ts';

/** What the ACS SDK asks a token for, double slash included. */
const ACS_TOKEN_SCOPE = 'https://communication.azure.com//.default';

/** What requests are served with. */
export interface Dependencies {
  settings: Settings;
  callers: Callers;
  rateLimit: RateLimit;
  tokenService: TokenService;
  checks: HealthChecks;
}

/** By the name of a dependency, a cheap check that rejects when the dependency is unavailable. */
export type HealthChecks = Record<string, (signal: AbortSignal) => Promise<unknown>>;

export interface App {
  /** What the Functions host requires of a request before it runs any code of ours. */
  authLevel: 'function' | 'anonymous';
  /** Whether exchangeTeamsToken exists; also true while the settings are wrong, to answer `misconfigured`. */
  exchangesTeamsTokens: boolean;
  /** Throws `misconfigured` while the settings are wrong. */
  dependencies(): Dependencies;
}

/**
 * Builds the app from the environment, once per process. Wrong settings do not throw here: an app that fails to
 * load answers nothing at all. Each request is answered `misconfigured` instead.
 */
export function createApp(env?: NodeJS.ProcessEnv, logError: (line: string) => void = console.error): App {
  try {
    const settings = readSettings(env);
    const dependencies = buildDependencies(settings);
    const { callers } = settings;
    return {
      authLevel: callers.auth === 'oidc' ? 'anonymous' : 'function',
      exchangesTeamsTokens: callers.auth === 'oidc' && callers.teamsClientId !== undefined,
      dependencies: () => dependencies,
    };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    logError(`The settings are wrong: ${error.operatorHint ?? ''}`);
    return {
      authLevel: 'function',
      exchangesTeamsTokens: true,
      dependencies: () => {
        throw error;
      },
    };
  }
}

function buildDependencies(settings: Settings): Dependencies {
  const credential = azureCredential(settings.identity);
  const { clients, checks } = connectToAcs(settings, credential);
  const acs = new AcsIdentity(clients);
  const rateLimit = createRateLimit(settings.requestsPerMinute);
  if (settings.callers.auth === 'function-key') {
    return {
      settings,
      rateLimit,
      checks,
      callers: functionKeyCallers,
      tokenService: new TokenService(acs),
    };
  }
  const { userTable: table, teamsClientId } = settings.callers;
  const issuer = new OidcIssuer(settings.callers.issuer);
  const directory = lazy(async () => {
    // Services that are called with function keys do not spend the time that loading the table SDK takes.
    const { userTable } = await import('./users/userTable.ts');
    const { UserDirectory } = await import('./users/userDirectory.ts');
    return new UserDirectory(userTable(table, credential), (userId, signal) =>
      acs.deleteUser(userId, signal),
    );
  });
  return {
    settings,
    rateLimit,
    callers: oidcCallers(settings.callers, issuer),
    tokenService: new TokenService(acs, directory, teamsClientId),
    checks: {
      ...checks,
      issuer: (signal) => issuer.keys(signal),
      userDirectory: async (signal) => (await directory()).ownerOf('', signal),
    },
  };
}

function connectToAcs(
  { acs, deadlineMs }: Settings,
  credential: TokenCredential,
): { clients: IdentityClients; checks: HealthChecks } {
  if ('endpoint' in acs) {
    return {
      clients: keylessClients(acs.endpoint, credential),
      checks: { managedIdentity: (signal) => abortable(signal, credential.getToken([ACS_TOKEN_SCOPE])) },
    };
  }

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
