import type { LocalVault } from './localAzure.ts';
import type { LocalService } from './localService.ts';
import type { SignIn } from './signIn.ts';

interface WelcomeOptions {
  /** Absent when keys are not checked. */
  functionKey: string | undefined;
  /** What a token gets by default. */
  scopes: readonly string[];
  /** The caller's own identity provider. */
  issuer: string | undefined;
  windows: boolean;
}

/** What a person who has just started the service can do next. */
export function welcome(service: LocalService<LocalVault>, options: WelcomeOptions): string {
  const { signIn } = service;
  return [
    // Core Tools serve their own homepage there.
    ...(service.listing === undefined ? [] : [openConsole(service)]),
    signIn !== undefined
      ? signInCommands(service, signIn, options)
      : options.issuer !== undefined
        ? ownProvider(service, options.issuer)
        : firstToken(service, options),
    'acs' in service.azure ? EMULATED : REAL,
    `Control interface (docs/local.md): ${service.azure.controlUrl}`,
    'Ctrl-C stops everything.\n',
  ].join('\n');
}

function openConsole({ url }: LocalService<LocalVault>): string {
  return `Watch users, tokens and requests in a browser:

  ${url}/
`;
}

const EMULATED = `Tokens are emulated: no real chat or call accepts them. For real ones, set
ACS_CONNECTION_STRING to that of your resource before npm start.
`;
const REAL = `Tokens are real: they and their users come from the resource that
ACS_CONNECTION_STRING names.
`;

function firstToken({ url }: LocalService<LocalVault>, { functionKey, scopes }: WelcomeOptions): string {
  const key = functionKey === undefined ? '' : ` -H "x-functions-key: ${functionKey}"`;
  return `Create a user and its first access token:

  curl -X POST "${url}/api/users?scope=${scopes.join(',')}"${key}
`;
}

function signInCommands(
  { url }: LocalService<LocalVault>,
  { provider }: SignIn,
  { windows }: WelcomeOptions,
): string {
  const curl = windows ? 'curl.exe' : 'curl';
  const assign = (user: string) =>
    windows
      ? `$TOKEN = ${curl} -s "${provider.tokenUrl(user)}"`
      : `TOKEN=$(${curl} -s "${provider.tokenUrl(user)}")`;
  return `Issuer: ${provider.issuer}

Sign in as alice, or with any other name:

  ${assign('alice')}

Get an ACS token as that user:

  ${curl} "${url}/api/users/me/token" -H "Authorization: Bearer $TOKEN"

Sign in as the administrator, and create a user for nobody:

  ${assign('admin')}
  ${curl} -X POST "${url}/api/users" -H "Authorization: Bearer $TOKEN"
`;
}

function ownProvider({ url }: LocalService<LocalVault>, issuer: string): string {
  return `Issuer: ${issuer}

Get an ACS token with an access token of that issuer:

  curl "${url}/api/users/me/token" -H "Authorization: Bearer <access_token>"
`;
}
