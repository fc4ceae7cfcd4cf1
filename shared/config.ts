import * as z from 'zod';
import { LONGEST_EXPIRY_MINUTES, scopeSchema, SHORTEST_EXPIRY_MINUTES } from './contract.ts';
import { misconfigured } from './fault.ts';
import { isLoopback } from './loopback.ts';

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`);

const azureUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url));
  if (url !== null && secure && url.pathname === '/' && url.username === '') return url;
  context.addIssue('must be an https URL without a path, such as https://name.vault.azure.net/');
  return z.NEVER;
});

const scopeList = z
  .string()
  .transform((text) => text.split(',').map((scope) => scope.trim()))
  .pipe(
    z
      .tuple([scopeSchema], scopeSchema)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
  );

const expiryMinutes = wholeNumber(SHORTEST_EXPIRY_MINUTES, LONGEST_EXPIRY_MINUTES).default(
  LONGEST_EXPIRY_MINUTES,
);

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
  TOKEN_DEFAULT_EXPIRY_MINUTES: expiryMinutes,
  TOKEN_MAX_EXPIRY_MINUTES: expiryMinutes,
  REQUEST_DEADLINE_SECONDS: wholeNumber(1, 200).default(10),
  CALLER_AUTH: z.enum(['function-key'], 'must be function-key').default('function-key'),
  /** Set by the platform where the app has a managed identity. */
  IDENTITY_ENDPOINT: z.string().optional(),
});

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
  if (env.TOKEN_DEFAULT_EXPIRY_MINUTES > env.TOKEN_MAX_EXPIRY_MINUTES) {
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
      maxExpiryMinutes: env.TOKEN_MAX_EXPIRY_MINUTES,
      defaultExpiryMinutes: env.TOKEN_DEFAULT_EXPIRY_MINUTES,
    },
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
