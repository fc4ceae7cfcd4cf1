import { type Deployment, ofType, property } from '../expandedDeployment.ts';

const tlsVersions = ['1.2', '1.3'];

/** Required properties by resource type: the value, or a list of accepted values. */
const required: Readonly<Record<string, Record<string, unknown>>> = {
  'Microsoft.Storage/storageAccounts': {
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: false,
    supportsHttpsTrafficOnly: true,
    minimumTlsVersion: ['TLS1_2', 'TLS1_3'],
    'networkAcls.bypass': 'None',
  },
  'Microsoft.Storage/storageAccounts/blobServices': {
    'deleteRetentionPolicy.enabled': true,
    'containerDeleteRetentionPolicy.enabled': true,
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { publicAccess: 'None' },
  'Microsoft.KeyVault/vaults': {
    enableRbacAuthorization: true,
    enablePurgeProtection: true,
    'networkAcls.bypass': 'None',
  },
  'Microsoft.Insights/components': { DisableLocalAuth: true },
  'Microsoft.OperationalInsights/workspaces': { 'features.disableLocalAuth': true },
  'Microsoft.Web/sites': {
    httpsOnly: true,
    'siteConfig.minTlsVersion': tlsVersions,
    'siteConfig.scmMinTlsVersion': tlsVersions,
    'siteConfig.http20Enabled': true,
    'siteConfig.remoteDebuggingEnabled': false,
    'siteConfig.cors.supportCredentials': false,
    'functionAppConfig.runtime.name': 'node',
    'functionAppConfig.runtime.version': '24',
    'functionAppConfig.deployment.storage.authentication.type': 'UserAssignedIdentity',
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { allow: false },
};

/** Shared keys, passwords and old TLS are off, secrets are protected, and CORS has no wildcard. */
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
    const { keyless, workspaceId } = deployment.parameters;
    const absent =
      (type.startsWith('Microsoft.KeyVault/') && keyless === true) ||
      (type === 'Microsoft.OperationalInsights/workspaces' && workspaceId !== undefined);
    return absent ? [] : [`${type} is missing`];
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
    .map((name) => `basicPublishingCredentialsPolicies/${name} is missing, so passwords can publish`);
}

function checkOrigins(deployment: Deployment): string[] {
  return ofType(deployment, 'Microsoft.Web/sites')
    .flatMap((site) => property(site, 'siteConfig.cors.allowedOrigins') as string[])
    .filter((origin) => origin.includes('*'))
    .map((origin) => `siteConfig.cors.allowedOrigins must not contain ${origin}`);
}
