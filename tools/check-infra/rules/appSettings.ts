import { type Deployment, ofType } from '../expandedDeployment.ts';
import { readSettings, settingNames } from '../../../shared/config.ts';
import { ServiceError } from '../../../shared/errors.ts';

/** Settings that the Functions host reads. */
const hostSettings = [
  'AzureWebJobsStorage__accountName',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];

/** The platform sets IDENTITY_ENDPOINT. USER_TABLE_CONNECTION_STRING works on loopback only. */
const neverDeployed = ['IDENTITY_ENDPOINT', 'USER_TABLE_CONNECTION_STRING'];

const secretSettings = ['KEY_VAULT_URI', 'ACS_CONNECTION_STRING_SECRET', 'ACS_SECRET_TTL_SECONDS'];
const keylessSettings = ['ACS_ENDPOINT'];
const signInSettings = /^(OIDC|USER_TABLE)_/;
const teamsSettings = ['TEAMS_CLIENT_ID'];

/** The app settings are exactly those that the service and its host read, and shared/config.ts accepts them. */
export function checkAppSettings(deployment: Deployment): string[] {
  const [settings, ...more] = ofType(deployment, 'Microsoft.Web/sites/config').filter(({ name }) =>
    name.endsWith('/appsettings'),
  );
  if (settings === undefined || more.length > 0)
    return ['the site must have exactly one appsettings resource'];

  const given = settings.properties as Record<string, string>;
  const expected = [...expectedNames(deployment), ...hostSettings];
  return [
    ...expected.filter((name) => !(name in given)).map((name) => `app setting ${name} is missing`),
    ...Object.keys(given)
      .filter((name) => !expected.includes(name))
      .map((name) => `app setting ${name} is not read in this mode: remove it`),
    ...checkValues(given),
  ];
}

function expectedNames({ parameters }: Deployment): string[] {
  const unused = [
    ...neverDeployed,
    ...(parameters['keyless'] === true ? secretSettings : keylessSettings),
    ...(parameters['teamsClientId'] ? [] : teamsSettings),
  ];
  const signIn = parameters['callerAuth'] === 'oidc';
  return settingNames.filter((name) => !unused.includes(name) && (signIn || !signInSettings.test(name)));
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

/** A valid value in place of an expression that only Azure can evaluate. */
function deployedValue(name: string, value: string): string {
  if (!value.startsWith('[')) return value;
  if (name === 'AZURE_CLIENT_ID') return '00000000-0000-0000-0000-000000000000';
  return /_(URI|ENDPOINT)$/.test(name) ? 'https://name.example/' : 'name';
}
