import { type Deployment, ofType, property } from '../expandedDeployment.ts';

const tlsFloor = ['1.2', '1.3'];

/** What each resource of a type must say: the value, or one of the values. */
const required: Readonly<Record<string, Record<string, unknown>>> = {
  'Microsoft.Storage/storageAccounts': {
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: false,
    supportsHttpsTrafficOnly: true,
    minimumTlsVersion: ['TLS1_2', 'TLS1_3'],
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { publicAccess: 'None' },
  'Microsoft.KeyVault/vaults': { enableRbacAuthorization: true, enablePurgeProtection: true },
  'Microsoft.Insights/components': { DisableLocalAuth: true },
  'Microsoft.OperationalInsights/workspaces': { 'features.disableLocalAuth': true },
  'Microsoft.Web/sites': {
    httpsOnly: true,
    'siteConfig.minTlsVersion': tlsFloor,
    'siteConfig.scmMinTlsVersion': tlsFloor,
    'siteConfig.http20Enabled': true,
    'siteConfig.remoteDebuggingEnabled': false,
    'siteConfig.cors.supportCredentials': false,
    'functionAppConfig.runtime.name': 'node',
    'functionAppConfig.runtime.version': '24',
    'functionAppConfig.deployment.storage.authentication.type': 'UserAssignedIdentity',
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { allow: false },
};

/** Transport, passwords and keys: nothing is weaker than it has to be. */
export function checkHardening(deployment: Deployment): string[] {
  return [
    ...Object.entries(required).flatMap(([type, expected]) => checkType(deployment, type, expected)),
    ...checkPasswords(deployment),
    ...checkOrigins(deployment),
  ];
}

function checkType(deployment: Deployment, type: string, expected: Record<string, unknown>): string[] {
  const found = ofType(deployment, type);
  if (found.length === 0) {
    const absent = type.startsWith('Microsoft.KeyVault/') && deployment.parameters['keyless'] === true;
    return absent ? [] : [`there is no ${type}`];
  }
  return found.flatMap((resource) =>
    Object.entries(expected)
      .filter(([path, values]) => ![values].flat().includes(property(resource, path)))
      .map(
        ([path, values]) =>
          `${type} ${resource.name}: ${path} is ${JSON.stringify(property(resource, path) ?? null)}, must be ${[values].flat().join(' or ')}`,
      ),
  );
}

function checkPasswords(deployment: Deployment): string[] {
  const policies = ofType(deployment, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  return ['ftp', 'scm']
    .filter((name) => !policies.some((policy) => policy.name.endsWith(`/${name}`)))
    .map((name) => `publishing with a password over ${name} is not switched off`);
}

function checkOrigins(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.Web/sites')
    .flatMap((site) => property(site, 'siteConfig.cors.allowedOrigins') as string[])
    .filter((origin) => origin.includes('*'))
    .map((origin) => `CORS allows ${origin}`);
}
