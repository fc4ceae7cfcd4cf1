import { type Deployment, label, lastSegment, ofType, property, valuesAt } from '../expandedDeployment.ts';

const DELEGATION = 'Microsoft.App/environments';
const MIN_PREFIX = 27;

/**
 * The app's subnet is one that Flex Consumption accepts, and private endpoints are in another.
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#enable-virtual-network-integration
 */
export function checkSubnets(deployment: Deployment): string[] {
  const subnets = subnetsOf(deployment);
  return [
    ...ofType(deployment, 'Microsoft.Web/sites').flatMap((site) =>
      valuesAt(site, 'properties.virtualNetworkSubnetId').flatMap((id) =>
        checkAppSubnet(`${label(site)}: properties.virtualNetworkSubnetId`, String(id), subnets),
      ),
    ),
    ...ofType(deployment, 'Microsoft.Network/privateEndpoints').flatMap((endpoint) => {
      const id = String(property(endpoint, 'subnet.id'));
      return delegations(subnets.get(id)).map(
        (delegation) =>
          `${label(endpoint)}: properties.subnet.id is ${lastSegment(id)}, which is delegated to ${delegation}; must be a subnet without delegation`,
      );
    }),
  ];
}

/** The properties of every deployed subnet, by id. */
function subnetsOf(deployment: Deployment): Map<string, unknown> {
  const inline = ofType(deployment, 'Microsoft.Network/virtualNetworks').flatMap((network) =>
    (valuesAt(network, 'properties.subnets.*') as { name: string; properties: unknown }[]).map(
      ({ name, properties }) => [`${network.id}/subnets/${name}`, properties] as const,
    ),
  );
  const separate = ofType(deployment, 'Microsoft.Network/virtualNetworks/subnets').map(
    ({ id, properties }) => [id, properties] as const,
  );
  return new Map([...inline, ...separate]);
}

function checkAppSubnet(at: string, id: string, subnets: Map<string, unknown>): string[] {
  const name = lastSegment(id);
  const subnet = subnets.get(id);
  const findings: string[] = [];
  // MicrosoftDocs/azure-docs#123860
  if (name.includes('_')) findings.push(`${at} is ${name}, must be a name without underscore`);
  if (subnet === undefined) return findings;

  const delegated = delegations(subnet).join() || 'nothing';
  if (delegated !== DELEGATION)
    findings.push(`${at} is ${name}, which is delegated to ${delegated}; must be ${DELEGATION}`);
  const prefix = ['addressPrefix', 'addressPrefixes.*'].flatMap((path) => valuesAt(subnet, path)).join();
  if (!(Number(lastSegment(prefix)) <= MIN_PREFIX))
    findings.push(`${at} is ${name} with ${prefix}, must be /${MIN_PREFIX} or larger`);
  return findings;
}

function delegations(subnet: unknown): string[] {
  return subnet === undefined ? [] : valuesAt(subnet, 'delegations.*.properties.serviceName').map(String);
}
