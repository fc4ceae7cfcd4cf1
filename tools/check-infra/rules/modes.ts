import { type Deployment, ofType, property } from '../expandedDeployment.ts';

const alertNames = ['failed-requests', 'rejected-credentials', 'throttled-requests'];

/** Each optional mode deploys what it promises, and its absence leaves it out. */
export function checkModes(deployment: Deployment): string[] {
  return [
    ...checkSecret(deployment),
    ...checkNetwork(deployment),
    ...checkScale(deployment),
    ...checkAlerts(deployment),
  ];
}

function checkSecret(deployment: Deployment): string[] {
  const keyless = deployment.parameters['keyless'] === true;
  const activeKey = deployment.parameters['activeKey'] === 'secondary' ? 'secondary' : 'primary';
  const secrets = ofType(deployment, 'Microsoft.KeyVault/vaults/secrets');
  const [service] = ofType(deployment, 'Microsoft.Communication/communicationServices');
  return [
    ...(service !== undefined && property(service, 'disableLocalAuth') === keyless
      ? []
      : [`access keys of the communication service must be ${keyless ? 'off' : 'on'}`]),
    ...(secrets.length === (keyless ? 0 : 1) ? [] : [`there are ${secrets.length} secrets in the vault`]),
    ...secrets
      .filter((secret) => !String(property(secret, 'value')).endsWith(`.${activeKey}ConnectionString]`))
      .map(() => `the secret does not hold the connection string of the ${activeKey} key`),
    ...secrets
      .filter((secret) => secret.tags?.['activeKey'] !== activeKey)
      .map(() => `the secret is not tagged with its key, ${activeKey}, which rotate-key reads`),
  ];
}

function checkNetwork(deployment: Deployment): string[] {
  const isPrivate = deployment.parameters['privateNetworking'] === true;
  const keyless = deployment.parameters['keyless'] === true;
  const guarded = [
    ...ofType(deployment, 'Microsoft.Storage/storageAccounts'),
    ...ofType(deployment, 'Microsoft.KeyVault/vaults'),
  ];
  const [site] = ofType(deployment, 'Microsoft.Web/sites');
  const integrated = site !== undefined && property(site, 'virtualNetworkSubnetId') != null;
  const endpoints = ofType(deployment, 'Microsoft.Network/privateEndpoints').flatMap((endpoint) =>
    (property(endpoint, 'privateLinkServiceConnections') as { name: string }[]).map(({ name }) => name),
  );
  const expected = isPrivate ? ['blob', 'table', ...(keyless ? [] : ['vault'])] : [];
  const access = isPrivate ? 'Disabled' : 'Enabled';
  return [
    ...guarded
      .filter((resource) => property(resource, 'publicNetworkAccess') !== access)
      .map(({ type }) => `${type}: publicNetworkAccess must be ${access}`),
    ...guarded
      .filter((resource) => isPrivate && property(resource, 'networkAcls.defaultAction') !== 'Deny')
      .map(({ type }) => `${type}: networkAcls.defaultAction must be Deny`),
    ...(integrated === isPrivate
      ? []
      : [`the app must ${isPrivate ? '' : 'not '}be integrated with a subnet`]),
    ...(endpoints.sort().join() === expected.join()
      ? []
      : [
          `private endpoints are ${endpoints.join(', ') || 'none'}, must be ${expected.join(', ') || 'none'}`,
        ]),
  ];
}

function checkScale(deployment: Deployment): string[] {
  const { alwaysReadyInstances = 0, maximumInstanceCount = 40 } = deployment.parameters;
  const [site] = ofType(deployment, 'Microsoft.Web/sites');
  const scale = site && property(site, 'functionAppConfig.scaleAndConcurrency');
  const { alwaysReady, maximumInstanceCount: most } = (scale ?? {}) as {
    alwaysReady?: { name: string; instanceCount: number }[];
    maximumInstanceCount?: number;
  };
  const warm = alwaysReady?.find(({ name }) => name === 'http')?.instanceCount ?? 0;
  return [
    ...(warm === alwaysReadyInstances
      ? []
      : [`${warm} instances are always ready, not alwaysReadyInstances`]),
    ...(most === maximumInstanceCount
      ? []
      : [`the app scales out to ${most} instances, not maximumInstanceCount`]),
  ];
}

function checkAlerts(deployment: Deployment): string[] {
  const wanted = (deployment.parameters['alertEmails'] as string[] | undefined)?.length ? alertNames : [];
  const rules = ofType(deployment, 'Microsoft.Insights/scheduledQueryRules').filter(
    (rule) => property(rule, 'enabled') === true,
  );
  return [
    ...wanted
      .filter((name) => !rules.some((rule) => rule.name.endsWith(name)))
      .map((name) => `alert ${name} is missing`),
    ...(rules.length > 0 && wanted.length === 0 ? ['there are alerts, and nobody to tell'] : []),
  ];
}
