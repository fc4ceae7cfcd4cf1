import { type Deployment, ofType } from '../expandedDeployment.ts';
import { readSettings, settingNames } from '../../../shared/config.ts';
import { ServiceError } from '../../../shared/errors.ts';

/** What the Functions host reads, rather than the service. */
const hostSettings = [
  'AzureWebJobsStorage__accountName',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];

/** The platform sets the one, and the other is for loopback only. */
const neverDeployed = ['IDENTITY_ENDPOINT', 'USER_TABLE_CONNECTION_STRING'];

const withSecret = ['KEY_VAULT_URI', 'ACS_CONNECTION_STRING_SECRET', 'ACS_SECRET_TTL_SECONDS'];
const withoutSecret = ['ACS_ENDPOINT'];
const ofSignIn = /^(OIDC|USER_TABLE)_/;

/** The app settings are exactly those that the service and its host read, and the service accepts them. */
export function checkAppSettings(deployment: Deployment): string[] {
  const [settings, ...more] = ofType(deployment, 'Microsoft.Web/sites/config').filter(({ name }) =>
    name.endsWith('/appsettings'),
  );
  if (settings === undefined || more.length > 0) return ['there must be one list of app settings'];

  const given = settings.properties as Record<string, string>;
  const expected = [...expectedNames(deployment), ...hostSettings];
  return [
    ...expected.filter((name) => !(name in given)).map((name) => `app setting ${name} is missing`),
    ...Object.keys(given)
      .filter((name) => !expected.includes(name))
      .map((name) => `app setting ${name} is one that nothing reads in this mode`),
    ...checkValues(given),
  ];
}

function expectedNames({ parameters }: Deployment): string[] {
  const unused = parameters['keyless'] === true ? withSecret : withoutSecret;
  const signIn = parameters['callerAuth'] === 'oidc';
  return settingNames.filter(
    (name) => !neverDeployed.includes(name) && !unused.includes(name) && (signIn || !ofSignIn.test(name)),
  );
}

function checkValues(given: Record<string, string>): string[] {
  const deployed = Object.entries(given).map(([name, value]) => [name, deployedValue(name, value)]);
  try {
    readSettings(Object.fromEntries(deployed) as Record<string, string>);
    return [];
  } catch (error) {
    const reason = error instanceof ServiceError ? error.operatorHint : String(error);
    return [`shared/config.ts rejects the app settings: ${reason}`];
  }
}

/** What an expression that only Azure can evaluate will look like. */
function deployedValue(name: string, value: string): string {
  if (!value.startsWith('[')) return value;
  if (name === 'AZURE_CLIENT_ID') return '00000000-0000-0000-0000-000000000000';
  return /_(URI|ENDPOINT)$/.test(name) ? 'https://name.example/' : 'name';
}
