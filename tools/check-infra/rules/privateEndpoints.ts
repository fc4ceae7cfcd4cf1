import {
  type Deployment,
  label,
  lastSegment,
  ofType,
  property,
  type Resource,
  typeOf,
  valuesAt,
} from '../expandedDeployment.ts';

/** The DNS zone of each sub-resource: https://learn.microsoft.com/azure/private-link/private-endpoint-dns */
const zones: Readonly<Record<string, Record<string, string>>> = {
  'Microsoft.KeyVault/vaults': { vault: 'privatelink.vaultcore.azure.net' },
  'Microsoft.Storage/storageAccounts': {
    blob: 'privatelink.blob.core.windows.net',
    file: 'privatelink.file.core.windows.net',
    queue: 'privatelink.queue.core.windows.net',
    table: 'privatelink.table.core.windows.net',
  },
  'Microsoft.Web/sites': { sites: 'privatelink.azurewebsites.net' },
};

/** Each private endpoint has a sub-resource of its service, in the zone of that sub-resource, linked to its network. */
export function checkPrivateEndpoints(deployment: Deployment): string[] {
  const links = ofType(deployment, 'Microsoft.Network/privateDnsZones/virtualNetworkLinks');
  return [
    ...ofType(deployment, 'Microsoft.Network/privateEndpoints').flatMap((endpoint) =>
      checkEndpoint(endpoint, links, deployment),
    ),
    ...links
      .filter((link) => property(link, 'registrationEnabled') !== false)
      .map(
        (link) =>
          `${label(link)}: properties.registrationEnabled must be false, or machines register in the zone`,
      ),
  ];
}

function checkEndpoint(endpoint: Resource, links: Resource[], deployment: Deployment): string[] {
  const connection = 'properties.privateLinkServiceConnections.*.properties';
  const service = valuesAt(endpoint, `${connection}.privateLinkServiceId`).join();
  const group = valuesAt(endpoint, `${connection}.groupIds.*`).join();
  const groups = zones[typeOf(service)] ?? {};
  const zone = groups[group];
  if (zone === undefined)
    return [
      `${label(endpoint)}: groupIds is ${group}, must be ${Object.keys(groups).join(' or ') || 'known here'} for ${typeOf(service)}`,
    ];

  const network = String(property(endpoint, 'subnet.id')).replace(/\/subnets\/[^/]*$/, '');
  const zoneIds = ofType(deployment, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups')
    .filter(({ id }) => id.startsWith(`${endpoint.id}/`))
    .flatMap((zoneGroup) =>
      valuesAt(zoneGroup, 'properties.privateDnsZoneConfigs.*.properties.privateDnsZoneId'),
    )
    .map(String);
  // In a landing zone, a policy may create the zone group.
  const deployed = ofType(deployment, 'Microsoft.Network/privateDnsZones').map(({ id }) => id);
  if (zoneIds.length === 0 && deployed.length > 0)
    return [`${label(endpoint)}: has no privateDnsZoneGroups, must have one with ${zone}`];
  return zoneIds.flatMap((id) => [
    ...(lastSegment(id) === zone
      ? []
      : [`${label(endpoint)}: its DNS zone is ${lastSegment(id)}, must be ${zone}`]),
    ...(!deployed.includes(id) ||
    links.some((link) => link.id.startsWith(`${id}/`) && property(link, 'virtualNetwork.id') === network)
      ? []
      : [`${label(endpoint)}: its DNS zone ${lastSegment(id)} has no link to ${lastSegment(network)}`]),
  ]);
}
