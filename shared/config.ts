import * as z from 'zod/mini';
import { MAX_EXPIRY_MINUTES, MIN_EXPIRY_MINUTES, scopeSchema } from './acs/accessToken.ts';
import { isLoopback } from './azure/loopback.ts';
import { misconfigured } from './errors.ts';

/** A schema whose output is computed from the output of another. */
function derived<From extends z.ZodMiniType, To>(
  from: From,
  compute: (value: z.output<From>, context: z.core.ParsePayload) => To,
) {
  return z.pipe(from, z.transform(compute));
}

function check(accepts: (text: string) => boolean, message: string) {
  return z.string().check(z.refine(accepts, message));
}

function wholeNumber(min: number, max: number) {
  const isInRange = (text: string) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
  return derived(check(isInRange, `must be a whole number from ${min} to ${max}`), Number);
}

/** Always https, on loopback too: the SDKs refuse to send a bearer token over http. */
export const azureUrl = derived(
  check(isAzureUrl, 'must be an https URL without a path, such as https://name.vault.azure.net/'),
  (text) => new URL(text),
);

function isAzureUrl(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.href === `${url.origin}/`;
}

/** Kept as written: the `iss` of a token must match it exactly. */
const issuerUrl = check(isIssuerUrl, 'must be an https URL');

function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return secure && url.href === url.origin + url.pathname;
}

/** For the storage emulator: every endpoint is on loopback, and the table SDK finds the fields that it needs. */
export const emulatorConnectionString = check(
  namesEmulator,
  'must name the storage emulator on loopback, with DefaultEndpointsProtocol, AccountName and AccountKey. In Azure, set USER_TABLE_ENDPOINT instead',
);

function namesEmulator(text: string): boolean {
  if (/^UseDevelopmentStorage=true;?$/i.test(text)) return true;
  // The SDK ignores space before a name, and the URL parser drops line breaks.
  if (/\s/.test(text)) return false;
  const account = ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey'];
  if (!account.every((name) => new RegExp(`(?:^|;)${name}=[^;]`, 'i').test(text))) return false;
  const endpoints = [...text.matchAll(/(?:^|;)\w*Endpoint=([^;]*)/gi)].map(([, url]) => URL.parse(url ?? ''));
  const proxied = /(?:^|;)(?:DevelopmentStorageProxyUri|EndpointSuffix)=/i.test(text);
  return endpoints.length > 0 && !proxied && endpoints.every((url) => url !== null && isLoopback(url));
}

const scopeList = z.pipe(
  derived(z.string(), (text) => text.split(',').map((scope) => scope.trim())),
  z
    .tuple([scopeSchema], scopeSchema)
    .check(z.refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice')),
);

const expiryMinutes = wholeNumber(MIN_EXPIRY_MINUTES, MAX_EXPIRY_MINUTES);

const acsVariables = z.object({
  KEY_VAULT_URI: z.optional(azureUrl),
  ACS_CONNECTION_STRING_SECRET: z._default(
    z.string().check(z.regex(/^[0-9A-Za-z-]{1,127}$/, 'must be a Key Vault secret name')),
    'acs-connection-string',
  ),
  ACS_SECRET_TTL_SECONDS: z._default(wholeNumber(1, 86_400), 600),
  ACS_ENDPOINT: z.optional(azureUrl),
});

/** Where the credentials for Communication Services come from: the managed identity alone, or Key Vault. */
const acsSettings = derived(acsVariables, (env, context) => {
  if (env.ACS_ENDPOINT !== undefined) return { endpoint: env.ACS_ENDPOINT };
  return {
    vault: env.KEY_VAULT_URI ?? reject(context, 'KEY_VAULT_URI', 'is required unless ACS_ENDPOINT is set'),
    secretName: env.ACS_CONNECTION_STRING_SECRET,
    secretTtlMs: env.ACS_SECRET_TTL_SECONDS * 1000,
  };
});

const tokenVariables = z.object({
  TOKEN_ALLOWED_SCOPES: z._default(scopeList, ['chat', 'voip']),
  TOKEN_DEFAULT_SCOPES: z.optional(scopeList),
  TOKEN_DEFAULT_EXPIRY_MINUTES: z.optional(expiryMinutes),
  TOKEN_MAX_EXPIRY_MINUTES: z._default(expiryMinutes, MAX_EXPIRY_MINUTES),
  TOKEN_EXPIRY_SPREAD_PERCENT: z._default(wholeNumber(0, 50), 10),
});

const tokenPolicy = derived(tokenVariables, (env, context) => {
  const allowedScopes = env.TOKEN_ALLOWED_SCOPES;
  const defaultScopes = env.TOKEN_DEFAULT_SCOPES ?? allowedScopes;
  if (!defaultScopes.every((scope) => allowedScopes.includes(scope))) {
    reject(context, 'TOKEN_DEFAULT_SCOPES', 'must be among TOKEN_ALLOWED_SCOPES');
  }
  const maxExpiryMinutes = env.TOKEN_MAX_EXPIRY_MINUTES;
  const defaultExpiryMinutes = env.TOKEN_DEFAULT_EXPIRY_MINUTES ?? maxExpiryMinutes;
  if (defaultExpiryMinutes > maxExpiryMinutes) {
    reject(context, 'TOKEN_DEFAULT_EXPIRY_MINUTES', 'must not be more than TOKEN_MAX_EXPIRY_MINUTES');
  }
  const expirySpreadPercent = env.TOKEN_EXPIRY_SPREAD_PERCENT;
  return { allowedScopes, defaultScopes, maxExpiryMinutes, defaultExpiryMinutes, expirySpreadPercent };
});

const clientId = z.guid('must be a client id (a GUID)');

const requiredWithOidc = 'is required with CALLER_AUTH=oidc';

/** RFC 6749 scopes and client ids have no spaces; a comma separates too. */
const nameList = derived(z.string().check(z.regex(/[^\s,]/, 'must name at least one')), (text) =>
  text.split(/[\s,]/).filter((name) => name !== ''),
);

const oidcVariables = z.object({
  OIDC_ISSUER: z.pipe(z.string(requiredWithOidc), issuerUrl),
  OIDC_AUDIENCE: z.string(requiredWithOidc),
  OIDC_REQUIRED_SCOPE: z.pipe(z.string(`${requiredWithOidc} (none if the tokens have no scopes)`), nameList),
  OIDC_ALLOWED_CLIENTS: z.optional(nameList),
  OIDC_ADMIN_ROLE: z._default(z.string(), 'TokenService.Admin'),
  OIDC_SUBJECT_CLAIM: z._default(
    z.string().check(z.regex(/^[\w.:/-]{1,100}$/, 'must be the name of a claim')),
    'sub',
  ),
  TEAMS_CLIENT_ID: z.optional(clientId),
});

export const tableName = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9]{2,62}$/, 'must be a table name'));

const userTableVariables = z.object({
  USER_TABLE_ENDPOINT: z.optional(azureUrl),
  USER_TABLE_NAME: z._default(tableName, 'users'),
  USER_TABLE_CONNECTION_STRING: z.optional(emulatorConnectionString),
});

const userTable = derived(userTableVariables, (env, context) => ({
  name: env.USER_TABLE_NAME,
  ...(env.USER_TABLE_CONNECTION_STRING !== undefined
    ? { connectionString: env.USER_TABLE_CONNECTION_STRING }
    : {
        endpoint: env.USER_TABLE_ENDPOINT ?? reject(context, 'USER_TABLE_ENDPOINT', requiredWithOidc),
      }),
}));

/** Both sides of the intersection are checked, so every missing setting is named at once. */
const oidcCallers = z.intersection(
  derived(oidcVariables, (env) => ({
    auth: 'oidc' as const,
    issuer: env.OIDC_ISSUER,
    audience: env.OIDC_AUDIENCE,
    adminRole: env.OIDC_ADMIN_ROLE,
    subjectClaim: env.OIDC_SUBJECT_CLAIM,
    requiredScopes: isNone(env.OIDC_REQUIRED_SCOPE) ? undefined : env.OIDC_REQUIRED_SCOPE,
    allowedClients: env.OIDC_ALLOWED_CLIENTS,
    /** The Entra application whose Teams tokens are exchanged; `undefined` turns the exchange off. */
    teamsClientId: env.TEAMS_CLIENT_ID,
  })),
  derived(userTable, (table) => ({ userTable: table })),
);

/** A Teams token is exchanged for the user who sends it, and a function key proves no user. */
const functionKeyCallers = derived(
  z.object({ TEAMS_CLIENT_ID: z.optional(z.never('needs CALLER_AUTH=oidc')) }),
  () => ({ auth: 'function-key' as const }),
);

const otherVariables = z.object({
  CALLER_AUTH: z._default(z.enum(['function-key', 'oidc'], 'must be function-key or oidc'), 'function-key'),
  AZURE_CLIENT_ID: z.optional(clientId),
  /** Set by the platform where the app has a managed identity. */
  IDENTITY_ENDPOINT: z.optional(z.string()),
  REQUEST_DEADLINE_SECONDS: z._default(wholeNumber(1, 200), 10),
  CALLER_REQUESTS_PER_MINUTE: z._default(wholeNumber(0, 1_000_000), 10),
});

const otherSettings = derived(otherVariables, (env) => ({
  identity: { managed: env.IDENTITY_ENDPOINT !== undefined, clientId: env.AZURE_CLIENT_ID },
  requestsPerMinute: env.CALLER_REQUESTS_PER_MINUTE,
  deadlineMs: env.REQUEST_DEADLINE_SECONDS * 1000,
}));

const telemetryVariables = z.object({
  TELEMETRY: z._default(z.enum(['off', 'azure-monitor'], 'must be off or azure-monitor'), 'off'),
  /** The Functions host uses it too. */
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.optional(z.string()),
});

/** Where spans and metrics are sent. */
const telemetry = derived(telemetryVariables, (env, context) => {
  if (env.TELEMETRY === 'off') return undefined;
  const name = 'APPLICATIONINSIGHTS_CONNECTION_STRING';
  return { connectionString: env[name] ?? reject(context, name, 'is required with TELEMETRY=azure-monitor') };
});

/** The format of every environment variable that the service reads, whichever of them are in use. */
const formats = z.partial(
  z.object({
    ...acsVariables.shape,
    ...tokenVariables.shape,
    ...oidcVariables.shape,
    ...userTableVariables.shape,
    ...telemetryVariables.shape,
    ...otherVariables.shape,
  }),
);

export const settingNames = Object.keys(formats.shape);

export interface Settings extends z.output<typeof otherSettings> {
  acs: z.output<typeof acsSettings>;
  tokenPolicy: z.output<typeof tokenPolicy>;
  callers: z.output<typeof functionKeyCallers> | z.output<typeof oidcCallers>;
  telemetry: z.output<typeof telemetry>;
}

/**
 * Reads and checks the settings. An empty variable counts as absent. Throws `misconfigured` with a hint that
 * names each wrong setting and none of the values.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const checked = formats.safeParse(given);
  const acs = acsSettings.safeParse(given);
  const tokens = tokenPolicy.safeParse(given);
  const callers = (given['CALLER_AUTH'] === 'oidc' ? oidcCallers : functionKeyCallers).safeParse(given);
  const monitor = telemetry.safeParse(given);
  const others = otherSettings.safeParse(given);
  if (
    checked.success &&
    acs.success &&
    tokens.success &&
    callers.success &&
    monitor.success &&
    others.success
  ) {
    return {
      ...others.data,
      acs: acs.data,
      tokenPolicy: tokens.data,
      callers: callers.data,
      telemetry: monitor.data,
    };
  }
  const problems = [checked, acs, tokens, callers, monitor, others]
    .flatMap(({ error }) => error?.issues ?? [])
    .map(({ path, message }) => `${String(path[0])} ${message}`);
  throw misconfigured([...new Set(problems)].join('; '));
}

function isNone(scopes: string[]): boolean {
  return scopes.length === 1 && scopes[0] === 'none';
}

function reject(context: z.core.ParsePayload, name: string, message: string): never {
  context.issues.push({ code: 'custom', path: [name], message, input: undefined });
  return z.NEVER;
}
