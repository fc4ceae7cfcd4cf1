import * as z from 'zod';
import { MAX_EXPIRY_MINUTES, MIN_EXPIRY_MINUTES, scopeSchema } from './acs/accessToken.ts';
import { isLoopback } from './azure/loopback.ts';
import { misconfigured } from './errors.ts';

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`);

/** Always https: what is reached with a bearer token is never reached in the clear, not even on loopback. */
const azureUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url;
  context.addIssue('must be an https URL without a path, such as https://name.vault.azure.net/');
  return z.NEVER;
});

/** Kept as it is written: tokens name their issuer to the letter. */
const issuerUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null) return false;
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return secure && url.href === url.origin + url.pathname;
}, 'must be an https URL');

/** The storage emulator's: every endpoint on loopback. */
const emulatorConnectionString = z.string().refine((text) => {
  if (/^UseDevelopmentStorage=true;?$/i.test(text)) return true;
  const endpoints = [...text.matchAll(/(?:^|;)\w*Endpoint=([^;]*)/gi)].map(([, url]) => URL.parse(url ?? ''));
  const proxied = /(?:^|;)(?:DevelopmentStorageProxyUri|EndpointSuffix)=/i.test(text);
  return endpoints.length > 0 && !proxied && endpoints.every((url) => url !== null && isLoopback(url));
}, 'must name the storage emulator on loopback; in Azure use USER_TABLE_ENDPOINT');

const scopeList = z
  .string()
  .transform((text) => text.split(',').map((scope) => scope.trim()))
  .pipe(
    z
      .tuple([scopeSchema], scopeSchema)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
  );

const expiryMinutes = wholeNumber(MIN_EXPIRY_MINUTES, MAX_EXPIRY_MINUTES);

/** Every environment variable that the service reads. */
const variables = z.object({
  KEY_VAULT_URI: azureUrl.optional(),
  ACS_CONNECTION_STRING_SECRET: z
    .string()
    .regex(/^[0-9A-Za-z-]{1,127}$/, 'must be a Key Vault secret name')
    .default('acs-connection-string'),
  ACS_SECRET_TTL_SECONDS: wholeNumber(1, 86_400).default(600),
  ACS_ENDPOINT: azureUrl.optional(),
  AZURE_CLIENT_ID: z.guid('must be a client id (a GUID)').optional(),
  TOKEN_ALLOWED_SCOPES: scopeList.default(['chat', 'voip']),
  TOKEN_DEFAULT_SCOPES: scopeList.optional(),
  TOKEN_DEFAULT_EXPIRY_MINUTES: expiryMinutes.optional(),
  TOKEN_MAX_EXPIRY_MINUTES: expiryMinutes.default(MAX_EXPIRY_MINUTES),
  REQUEST_DEADLINE_SECONDS: wholeNumber(1, 200).default(10),
  CALLER_AUTH: z.enum(['function-key', 'oidc'], 'must be function-key or oidc').default('function-key'),
  CALLER_REQUESTS_PER_MINUTE: wholeNumber(0, 1_000_000).default(60),
  OIDC_ISSUER: issuerUrl.optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_ADMIN_ROLE: z.string().default('TokenService.Admin'),
  OIDC_SUBJECT_CLAIM: z
    .string()
    .regex(/^[\w.:/-]{1,100}$/, 'must be the name of a claim')
    .default('sub'),
  USER_TABLE_ENDPOINT: azureUrl.optional(),
  USER_TABLE_NAME: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{2,62}$/, 'must be a table name')
    .default('users'),
  USER_TABLE_CONNECTION_STRING: emulatorConnectionString.optional(),
  /** Set by the platform where the app has a managed identity. */
  IDENTITY_ENDPOINT: z.string().optional(),
});

/** The names of all of them. */
export const settingNames = Object.keys(variables.shape);

const settingsSchema = variables.transform((env, context) => {
  const wrong = (name: keyof typeof env, message: string) => {
    context.addIssue({ code: 'custom', path: [name], message });
    return z.NEVER;
  };
  const allowedScopes = env.TOKEN_ALLOWED_SCOPES;
  const defaultScopes = env.TOKEN_DEFAULT_SCOPES ?? allowedScopes;
  if (!defaultScopes.every((scope) => allowedScopes.includes(scope))) {
    wrong('TOKEN_DEFAULT_SCOPES', 'must be among TOKEN_ALLOWED_SCOPES');
  }
  const maxExpiryMinutes = env.TOKEN_MAX_EXPIRY_MINUTES;
  const defaultExpiryMinutes = env.TOKEN_DEFAULT_EXPIRY_MINUTES ?? maxExpiryMinutes;
  if (defaultExpiryMinutes > maxExpiryMinutes) {
    wrong('TOKEN_DEFAULT_EXPIRY_MINUTES', 'must not be more than TOKEN_MAX_EXPIRY_MINUTES');
  }
  return {
    acs:
      env.ACS_ENDPOINT !== undefined
        ? { endpoint: env.ACS_ENDPOINT }
        : {
            vault: env.KEY_VAULT_URI ?? wrong('KEY_VAULT_URI', 'is required unless ACS_ENDPOINT is set'),
            secretName: env.ACS_CONNECTION_STRING_SECRET,
            secretTtlMs: env.ACS_SECRET_TTL_SECONDS * 1000,
          },
    identity: { managed: env.IDENTITY_ENDPOINT !== undefined, clientId: env.AZURE_CLIENT_ID },
    tokens: {
      allowedScopes,
      defaultScopes,
      maxExpiryMinutes,
      defaultExpiryMinutes,
    },
    signIn:
      env.CALLER_AUTH === 'oidc'
        ? {
            issuer: env.OIDC_ISSUER ?? wrong('OIDC_ISSUER', 'is required with CALLER_AUTH=oidc'),
            audience: env.OIDC_AUDIENCE ?? wrong('OIDC_AUDIENCE', 'is required with CALLER_AUTH=oidc'),
            adminRole: env.OIDC_ADMIN_ROLE,
            subjectClaim: env.OIDC_SUBJECT_CLAIM,
            userTable: {
              name: env.USER_TABLE_NAME,
              ...(env.USER_TABLE_CONNECTION_STRING !== undefined
                ? { connectionString: env.USER_TABLE_CONNECTION_STRING }
                : {
                    endpoint:
                      env.USER_TABLE_ENDPOINT ??
                      wrong('USER_TABLE_ENDPOINT', 'is required with CALLER_AUTH=oidc'),
                  }),
            },
          }
        : undefined,
    requestsPerMinute: env.CALLER_REQUESTS_PER_MINUTE,
    deadlineMs: env.REQUEST_DEADLINE_SECONDS * 1000,
  };
});

export type Settings = z.output<typeof settingsSchema>;

/**
 * The settings, checked. An empty variable counts as absent. Throws `misconfigured` with a note that names
 * each wrong setting and none of the values.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw misconfigured(
    parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`).join('; '),
  );
}
