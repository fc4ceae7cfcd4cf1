import {
  type Deployment,
  label,
  lastSegment,
  ofType,
  type Resource,
  typeOf,
  valuesAt,
} from '../expandedDeployment.ts';
import { resolveValue } from '../resolveValue.ts';

const actionGroup = '{Microsoft.Insights/actionGroups id}';
const communication = 'Microsoft.Communication/communicationServices';
const component = 'Microsoft.Insights/components';
const identity = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const site = 'Microsoft.Web/sites';
const storage = 'Microsoft.Storage/storageAccounts';
const subnet = '{Microsoft.Network/virtualNetworks/subnets id}';
const vault = 'Microsoft.KeyVault/vaults';
const webTest = 'Microsoft.Insights/webtests';
const workspace = 'Microsoft.OperationalInsights/workspaces';

/**
 * By resource type: the properties that refer to another resource, and what each takes. Azure accepts any text in
 * most of them. A path with `?` may be absent.
 */
const places: Readonly<Record<string, Record<string, string | string[]>>> = {
  'Microsoft.Authorization/roleAssignments': { 'properties.principalId': `{${identity} principalId}` },
  'Microsoft.Insights/components': { 'properties.WorkspaceResourceId': `{${workspace} id}` },
  'Microsoft.Insights/diagnosticSettings': { 'properties.workspaceId': `{${workspace} id}` },
  'Microsoft.Insights/metricAlerts': {
    'properties.actions.*.actionGroupId': actionGroup,
    'properties.criteria.componentId?': `{${component} id}`,
    'properties.criteria.webTestId?': `{${webTest} id}`,
    'properties.scopes.*': [`{${site} id}`, `{${component} id}`, `{${webTest} id}`],
  },
  'Microsoft.Insights/scheduledQueryRules': {
    'properties.actions.actionGroups.*': actionGroup,
    'properties.scopes.*': `{${workspace} id}`,
  },
  'Microsoft.Insights/workbooks': { 'properties.sourceId': `{${workspace} id}` },
  'Microsoft.KeyVault/vaults/secrets': {
    'properties.value': [
      `{${communication} primaryConnectionString}`,
      `{${communication} secondaryConnectionString}`,
    ],
  },
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks': {
    'properties.virtualNetwork.id': '{Microsoft.Network/virtualNetworks id}',
  },
  'Microsoft.Network/privateEndpoints': { 'properties.subnet.id': subnet },
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups': {
    'properties.privateDnsZoneConfigs.*.properties.privateDnsZoneId':
      '{Microsoft.Network/privateDnsZones id}',
  },
  'Microsoft.Network/virtualNetworks': {
    'properties.subnets.*.properties.networkSecurityGroup.id?':
      '{Microsoft.Network/networkSecurityGroups id}',
  },
  'Microsoft.Web/sites': {
    'identity.userAssignedIdentities.*': `{${identity} id}`,
    'properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId': `{${identity} id}`,
    'properties.functionAppConfig.deployment.storage.value': `{${storage} primaryEndpoints.blob}{${storage}/blobServices/containers name}`,
    'properties.serverFarmId': '{Microsoft.Web/serverfarms id}',
    'properties.virtualNetworkSubnetId?': subnet,
  },
  'Microsoft.Web/sites/config': {
    'properties.ACS_CONNECTION_STRING_SECRET?': `{${vault}/secrets name}`,
    'properties.ACS_ENDPOINT?': `https://{${communication} hostName}/`,
    'properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING?': `ClientId={${identity} clientId};Authorization=AAD`,
    'properties.APPLICATIONINSIGHTS_CONNECTION_STRING?': `{${component} ConnectionString}`,
    'properties.AZURE_CLIENT_ID?': `{${identity} clientId}`,
    'properties.AzureWebJobsStorage__accountName?': `{${storage} name}`,
    'properties.AzureWebJobsStorage__clientId?': `{${identity} clientId}`,
    'properties.KEY_VAULT_URI?': `{${vault} vaultUri}`,
    'properties.USER_TABLE_ENDPOINT?': `{${storage} primaryEndpoints.table}`,
    'properties.USER_TABLE_NAME?': `{${storage}/tableServices/tables name}`,
  },
};

/** There is one of each: every place that takes one must take the same. */
const shared = [communication, component, identity, storage, vault, workspace];

/** What a property of a resource takes, and what it has. */
interface Place {
  at: string;
  takes: string[];
  /** Undefined when the property is absent. */
  value: string | undefined;
}

/** Each property that refers to another resource has what it takes: the right kind, the right property, the same one. */
export function checkReferences(deployment: Deployment): string[] {
  const found = deployment.resources.flatMap(placesOf);
  return [
    ...found
      .filter(
        ({ takes, value }) => !takes.flatMap((kind) => withNames(kind, deployment)).includes(kindOf(value)),
      )
      .map(({ at, takes, value }) => `${at} is ${kindOf(value)}, must be ${takes.join(' or ')}`),
    ...shared.flatMap((type) => checkShared(found, type)),
  ];
}

function placesOf(resource: Resource): Place[] {
  return Object.entries(places[resource.type] ?? {}).flatMap(([pattern, kinds]): Place[] => {
    const path = pattern.replace('?', '');
    const at = `${label(resource)}: ${path}`;
    const takes = [kinds].flat();
    const values = valuesAt(resource, path).map(resolveValue);
    if (values.length === 0) return pattern === path ? [{ at, takes, value: undefined }] : [];
    return values.map((value) => ({ at, takes, value }));
  });
}

/** The value with types in place of ids, in the notation of `places`. */
function kindOf(value: string | undefined): string {
  return (
    value?.replace(/\{(\S+) (\S+)\}/g, (_, id: string, property: string) => `{${typeOf(id)} ${property}}`) ??
    'absent'
  );
}

/** `{type name}` stands for the name of any resource of that type. */
function withNames(kind: string, deployment: Deployment): string[] {
  const [placeholder, type] = /\{(\S+) name\}/.exec(kind) ?? [];
  if (placeholder === undefined || type === undefined) return [kind];
  return ofType(deployment, type).map(({ name }) => kind.replace(placeholder, lastSegment(name)));
}

function checkShared(found: Place[], type: string): string[] {
  const uses = found
    .flatMap(({ at, value = '' }) => [...value.matchAll(/\{(\S+) \S+\}/g)].map(([, id = '']) => ({ at, id })))
    .filter(({ id }) => typeOf(id) === type);
  const ids = uses.map(({ id }) => id);
  const count = (id: string) => ids.filter((other) => other === id).length;
  const usual = ids.toSorted((one, other) => count(other) - count(one))[0] ?? '';
  return uses
    .filter(({ id }) => id !== usual)
    .map(({ at, id }) => `${at} refers to ${lastSegment(id)}, must be ${lastSegment(usual)} as elsewhere`);
}
