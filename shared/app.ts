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
import { noTelemetry, type Telemetry, whenLoaded } from './telemetry/telemetry.ts';
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
  telemetry: Telemetry;
  /** Throws `misconfigured` while the settings are wrong. */
  dependencies(): Dependencies;
}

type LoadTelemetry = (connectionString: string, credential: TokenCredential) => Promise<Telemetry>;

/**
 * Builds the app from the environment, once per process. Wrong settings do not throw here: an app that fails to
 * load answers nothing at all. Each request is answered `misconfigured` instead.
 */
export function createApp(
  env?: NodeJS.ProcessEnv,
  logError: (line: string) => void = console.error,
  loadTelemetry: LoadTelemetry = loadAzureMonitor,
): App {
  try {
    const settings = readSettings(env);
    const { callers, telemetry: monitor } = settings;
    const credential = azureCredential(settings.identity);
    const telemetry =
      monitor === undefined
        ? noTelemetry
        : whenLoaded(loadTelemetry(monitor.connectionString, credential), logError);
    const dependencies = buildDependencies(settings, credential, telemetry);
    return {
      authLevel: callers.auth === 'oidc' ? 'anonymous' : 'function',
      exchangesTeamsTokens: callers.auth === 'oidc' && callers.teamsClientId !== undefined,
      telemetry,
      dependencies: () => dependencies,
    };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    logError(`The settings are wrong: ${error.operatorHint ?? ''}`);
    return {
      authLevel: 'function',
      exchangesTeamsTokens: true,
      telemetry: noTelemetry,
      dependencies: () => {
        throw error;
      },
    };
  }
}

/** Without telemetry, an instance does not spend the time that loading the monitor takes. */
async function loadAzureMonitor(...args: Parameters<LoadTelemetry>): Promise<Telemetry> {
  const { azureMonitor } = await import('./telemetry/azureMonitor.ts');
  return azureMonitor(...args);
}

function buildDependencies(
  settings: Settings,
  credential: TokenCredential,
  telemetry: Telemetry,
): Dependencies {
  const { clients, checks } = connectToAcs(settings, credential, telemetry);
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
    return new UserDirectory(userTable(table, credential, { telemetry }), (userId, signal) =>
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
  telemetry: Telemetry,
): { clients: IdentityClients; checks: HealthChecks } {
  if ('endpoint' in acs) {
    return {
      clients: keylessClients(acs.endpoint, credential, telemetry),
      checks: { managedIdentity: (signal) => abortable(signal, credential.getToken([ACS_TOKEN_SCOPE])) },
    };
  }

  const reader = new ConnectionStringReader(vaultSecret(acs.vault, acs.secretName, credential, telemetry), {
    ttlMs: acs.secretTtlMs,
    // Half of a request's time, so that the last good value can still be used when the vault hangs.
    timeoutMs: deadlineMs / 2,
  });
  return {
    clients: connectionStringClients(reader, telemetry),
    checks: { connectionString: (signal) => reader.get(signal) },
  };
}
