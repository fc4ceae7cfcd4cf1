import * as z from 'zod';
import { MAX_EXPIRY_MINUTES, MIN_EXPIRY_MINUTES, scopeSchema } from './acs/accessToken.ts';
import { isLoopback } from './azure/loopback.ts';
import { misconfigured } from './errors.ts';

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

/** Always https, on loopback too: the SDKs refuse to send a bearer token over http. */
export const azureUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url;
  context.addIssue('must be an https URL without a path, such as https://name.vault.azure.net/');
  return z.NEVER;
});

/** Kept as written: the `iss` of a token must match it exactly. */
const issuerUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null) return false;
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return secure && url.href === url.origin + url.pathname;
}, 'must be an https URL');

/** For the storage emulator: every endpoint is on loopback, and the table SDK finds the fields that it needs. */
export const emulatorConnectionString = z.string().refine((text) => {
  if (/^UseDevelopmentStorage=true;?$/i.test(text)) return true;
  // The SDK ignores space before a name, and the URL parser drops line breaks.
  if (/\s/.test(text)) return false;
  const account = ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey'];
  if (!account.every((name) => new RegExp(`(?:^|;)${name}=[^;]`, 'i').test(text))) return false;
  const endpoints = [...text.matchAll(/(?:^|;)\w*Endpoint=([^;]*)/gi)].map(([, url]) => URL.parse(url ?? ''));
  const proxied = /(?:^|;)(?:DevelopmentStorageProxyUri|EndpointSuffix)=/i.test(text);
  return endpoints.length > 0 && !proxied && endpoints.every((url) => url !== null && isLoopback(url));
}, 'must name the storage emulator on loopback, with DefaultEndpointsProtocol, AccountName and AccountKey. In Azure, set USER_TABLE_ENDPOINT instead');

const scopeList = z
  .string()
  .transform((text) => text.split(',').map((scope) => scope.trim()))
  .pipe(
    z
      .tuple([scopeSchema], scopeSchema)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
  );

const expiryMinutes = wholeNumber(MIN_EXPIRY_MINUTES, MAX_EXPIRY_MINUTES);

const acsVariables = z.object({
  KEY_VAULT_URI: azureUrl.optional(),
  ACS_CONNECTION_STRING_SECRET: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,127}$/, 'must be a Key Vault secret name')
    .default('acs-connection-string'),
  ACS_SECRET_TTL_SECONDS: wholeNumber(1, 86_400).default(600),
  ACS_ENDPOINT: azureUrl.optional(),
});

/** Where the credentials for Communication Services come from: the managed identity alone, or Key Vault. */
const acsSettings = acsVariables.transform((env, context) => {
  if (env.ACS_ENDPOINT !== undefined) return { endpoint: env.ACS_ENDPOINT };
  return {
    vault: env.KEY_VAULT_URI ?? reject(context, 'KEY_VAULT_URI', 'is required unless ACS_ENDPOINT is set'),
    secretName: env.ACS_CONNECTION_STRING_SECRET,
    secretTtlMs: env.ACS_SECRET_TTL_SECONDS * 1000,
  };
});

const tokenVariables = z.object({
  TOKEN_ALLOWED_SCOPES: scopeList.default(['chat', 'voip']),
  TOKEN_DEFAULT_SCOPES: scopeList.optional(),
  TOKEN_DEFAULT_EXPIRY_MINUTES: expiryMinutes.optional(),
  TOKEN_MAX_EXPIRY_MINUTES: expiryMinutes.default(MAX_EXPIRY_MINUTES),
  TOKEN_EXPIRY_SPREAD_PERCENT: wholeNumber(0, 50).default(10),
});

const tokenPolicy = tokenVariables.transform((env, context) => {
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
const nameList = z
  .string()
  .transform((text) => text.split(/[\s,]/).filter((name) => name !== ''))
  .refine((names) => names.length > 0, 'must name at least one');

const oidcVariables = z.object({
  OIDC_ISSUER: z.string(requiredWithOidc).pipe(issuerUrl),
  OIDC_AUDIENCE: z.string(requiredWithOidc),
  OIDC_REQUIRED_SCOPE: z.string(`${requiredWithOidc} (none if the tokens have no scopes)`).pipe(nameList),
  OIDC_ALLOWED_CLIENTS: nameList.optional(),
  OIDC_ADMIN_ROLE: z.string().default('TokenService.Admin'),
  OIDC_SUBJECT_CLAIM: z
    .string()
    .regex(/^[\w.:/-]{1,100}$/, 'must be the name of a claim')
    .default('sub'),
  TEAMS_CLIENT_ID: clientId.optional(),
});

export const tableName = z.string().regex(/^[A-Za-z][A-Za-z0-9]{2,62}$/, 'must be a table name');

const userTableVariables = z.object({
  USER_TABLE_ENDPOINT: azureUrl.optional(),
  USER_TABLE_NAME: tableName.default('users'),
  USER_TABLE_CONNECTION_STRING: emulatorConnectionString.optional(),
});

const userTable = userTableVariables.transform((env, context) => ({
  name: env.USER_TABLE_NAME,
  ...(env.USER_TABLE_CONNECTION_STRING !== undefined
    ? { connectionString: env.USER_TABLE_CONNECTION_STRING }
    : {
        endpoint: env.USER_TABLE_ENDPOINT ?? reject(context, 'USER_TABLE_ENDPOINT', requiredWithOidc),
      }),
}));

/** Both sides of the intersection are checked, so every missing setting is named at once. */
const oidcCallers = z.intersection(
  oidcVariables.transform((env) => ({
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
  userTable.transform((table) => ({ userTable: table })),
);

/** A Teams token is exchanged for the user who sends it, and a function key proves no user. */
const functionKeyCallers = z
  .object({ TEAMS_CLIENT_ID: z.never('needs CALLER_AUTH=oidc').optional() })
  .transform(() => ({ auth: 'function-key' as const }));

const otherVariables = z.object({
  CALLER_AUTH: z.enum(['function-key', 'oidc'], 'must be function-key or oidc').default('function-key'),
  AZURE_CLIENT_ID: clientId.optional(),
  /** Set by the platform where the app has a managed identity. */
  IDENTITY_ENDPOINT: z.string().optional(),
  REQUEST_DEADLINE_SECONDS: wholeNumber(1, 200).default(10),
  CALLER_REQUESTS_PER_MINUTE: wholeNumber(0, 1_000_000).default(10),
});

const otherSettings = otherVariables.transform((env) => ({
  identity: { managed: env.IDENTITY_ENDPOINT !== undefined, clientId: env.AZURE_CLIENT_ID },
  requestsPerMinute: env.CALLER_REQUESTS_PER_MINUTE,
  deadlineMs: env.REQUEST_DEADLINE_SECONDS * 1000,
}));

const telemetryVariables = z.object({
  TELEMETRY: z.enum(['off', 'azure-monitor'], 'must be off or azure-monitor').default('off'),
  /** The Functions host uses it too. */
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().optional(),
});

/** Where spans and metrics are sent. */
const telemetry = telemetryVariables.transform((env, context) => {
  if (env.TELEMETRY === 'off') return undefined;
  const name = 'APPLICATIONINSIGHTS_CONNECTION_STRING';
  return { connectionString: env[name] ?? reject(context, name, 'is required with TELEMETRY=azure-monitor') };
});

/** The format of every environment variable that the service reads, whichever of them are in use. */
const formats = z
  .object({
    ...acsVariables.shape,
    ...tokenVariables.shape,
    ...oidcVariables.shape,
    ...userTableVariables.shape,
    ...telemetryVariables.shape,
    ...otherVariables.shape,
  })
  .partial();

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

function reject(context: z.core.$RefinementCtx, name: string, message: string): never {
  context.addIssue({ code: 'custom', path: [name], message });
  return z.NEVER;
}
