import { type Deployment, ofType, property, valuesAt } from '../expandedDeployment.ts';

/**
 * With privateNetworking, storage and vault accept private endpoints only; without it, the app needs no network. Without
 * publicAccess, the functions accept a private endpoint only too.
 */
export function checkPrivateNetworking(deployment: Deployment): string[] {
  const isPrivate = deployment.parameters['privateNetworking'] === true;
  const isPublic = deployment.parameters['publicAccess'] !== false;
  const keyless = deployment.parameters['keyless'] === true;
  const expected = {
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled',
    'networkAcls.defaultAction': isPrivate ? 'Deny' : 'Allow',
  };
  const services = [
    ...ofType(deployment, 'Microsoft.Storage/storageAccounts'),
    ...ofType(deployment, 'Microsoft.KeyVault/vaults'),
  ];
  const sites = ofType(deployment, 'Microsoft.Web/sites');
  const endpoints = ofType(deployment, 'Microsoft.Network/privateEndpoints').flatMap((endpoint) =>
    valuesAt(endpoint, 'properties.privateLinkServiceConnections.*.properties.groupIds.*'),
  );
  const neededEndpoints = [
    ...(isPrivate ? ['blob', 'table', ...(keyless ? [] : ['vault'])] : []),
    ...(isPublic ? [] : ['sites']),
  ];
  return [
    ...services.flatMap((service) =>
      Object.entries(expected)
        .filter(([path, value]) => property(service, path) !== value)
        .map(([path, value]) => `${service.type}: ${path} must be ${value}`),
    ),
    ...sites
      .filter((site) => (property(site, 'virtualNetworkSubnetId') != null) !== isPrivate)
      .map(({ name }) => `${name}: virtualNetworkSubnetId must ${isPrivate ? '' : 'not '}be set`),
    ...sites
      .filter((site) => (property(site, 'publicNetworkAccess') === 'Enabled') !== isPublic)
      .map(({ name }) => `${name}: publicNetworkAccess must be ${isPublic ? 'Enabled' : 'Disabled'}`),
    ...neededEndpoints
      .filter((name) => !endpoints.includes(name))
      .map((name) => `the private endpoint ${name} is missing`),
  ];
}
