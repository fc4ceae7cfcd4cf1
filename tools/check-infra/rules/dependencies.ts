import { type Deployment, label, ofType, type Resource } from '../expandedDeployment.ts';
import type { Dependencies } from '../resolvableTemplate.ts';

/**
 * Azure creates a resource after those that it refers to, and the app after its roles and private endpoints. Bicep sees
 * that only where an expression uses a symbol; a name that is written twice is a race.
 */
export function checkDependencies(deployment: Deployment): string[] {
  return deployment.resources.flatMap((resource) => {
    const before = allBefore(deployment.dependencies, resource.managedBy);
    const waitsFor = ({ managedBy }: Resource) => before.has(managedBy);
    return [
      ...referredIds(resource)
        .filter((id) => isMissing(id, resource, deployment))
        .map((id) => `${label(resource)}: refers to ${id}, which neither the template nor a parameter names`),
      ...[...new Set([...referredResources(resource, deployment), ...neededBy(resource, deployment)])]
        .filter((other) => !waitsFor(other))
        .map((other) => `${label(resource)}: must depend on ${label(other)} (${other.managedBy})`),
    ];
  });
}

function allBefore(dependencies: Dependencies, symbol: string): Set<string> {
  const found = new Set<string>();
  const open = [symbol];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const direct = dependencies.get(next) ?? [];
    open.push(...direct.filter((dependency) => !found.has(dependency)));
    for (const dependency of direct) found.add(dependency);
  }
  return found;
}

/** Every resource id in a resource: in its own id, its properties and its expressions. */
function referredIds(resource: Resource): string[] {
  return [...new Set(JSON.stringify(resource).match(/\/subscriptions\/[^'"\\\s]+/g))];
}

/** Whether an id lies in the resource group of the deployment, but nothing there has it. */
function isMissing(id: string, resource: Resource, { resources, parameters }: Deployment): boolean {
  const [group] = /\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\//.exec(resource.id) ?? [];
  if (group === undefined || !id.startsWith(group) || JSON.stringify(parameters).includes(id)) return false;
  return !resources.some((other) => isWithin(id, other));
}

/** For each id in a resource, the deployed resource that has the id or contains it. */
function referredResources(resource: Resource, { resources }: Deployment): Resource[] {
  const others = resources
    .filter((other) => !other.id.startsWith(resource.id))
    .sort((one, other) => other.id.length - one.id.length);
  return referredIds(resource)
    .map((id) => others.find((other) => isWithin(id, other)))
    .filter((other) => other !== undefined);
}

/** The roles and private endpoints that the app needs when it starts. Its own private endpoint needs the app. */
function neededBy(resource: Resource, deployment: Deployment): Resource[] {
  if (resource.type !== 'Microsoft.Web/sites') return [];
  const endpoints = ofType(deployment, 'Microsoft.Network/privateEndpoints').filter(
    (endpoint) => !referredIds(endpoint).includes(resource.id),
  );
  const zoneGroups = ofType(deployment, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups').filter(
    (group) => endpoints.some((endpoint) => isWithin(group.id, endpoint)),
  );
  return [...ofType(deployment, 'Microsoft.Authorization/roleAssignments'), ...endpoints, ...zoneGroups];
}

function isWithin(id: string, { id: outer }: Resource): boolean {
  return id === outer || id.startsWith(`${outer}/`);
}
