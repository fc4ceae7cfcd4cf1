import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { findBicepCompiler } from '../../../tools/check-infra/bicepCompiler.ts';
import { checkDeployment } from '../../../tools/check-infra/checkDeployment.ts';
import type { Deployment, Resource } from '../../../tools/check-infra/expandedDeployment.ts';
import { type ExpandedInfra, expandInfra } from '../../../tools/check-infra/expandInfra.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

jest.setTimeout(600_000);

const ACS = 'Microsoft.Communication/communicationServices';
const ACTION_GROUP = 'Microsoft.Insights/actionGroups';
const ROLE = 'Microsoft.Authorization/roleAssignments';
const SEARCH = 'Microsoft.OperationalInsights/workspaces/savedSearches';
const SITE = 'Microsoft.Web/sites';
const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';

const LANDING_ZONE = '/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/hub/providers';
const OTHER = `${LANDING_ZONE}/Microsoft.ManagedIdentity/userAssignedIdentities/other`;
const EXISTING_SUBNET = `${LANDING_ZONE}/Microsoft.Network/virtualNetworks/hub/subnets`;

let infra: InfraCopy;
let expanded: ExpandedInfra;
beforeAll(async () => {
  infra = await copyInfra(['signedInCallers', 'keyless', 'privateNetwork', 'privateLink', 'everything']);
  expanded = await expandInfra(await findBicepCompiler(() => undefined), infra.folder);
});
afterAll(() => infra.remove());

type Variant = 'signedInCallers' | 'keyless' | 'privateNetwork' | 'privateLink' | 'everything';

/** A copy of what a variant of the real template deploys. */
function deployment(variant: Variant): Deployment & { resources: Resource[] } {
  const found = expanded.deployments.find(({ name }) => name === `variants/${variant}`);
  if (found === undefined) throw new Error(`no deployment ${variant}: ${expanded.findings.join()}`);
  return structuredClone({ ...found, resources: [...found.resources] });
}

/** Sets one property of the first resource of a type; undefined removes it. */
function withProperty(variant: Variant, type: string, path: string, value: unknown): Deployment {
  const changed = deployment(variant);
  const resource = changed.resources.find((candidate) => candidate.type === type);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  if (resource === undefined) throw new Error(`no ${type} in ${variant}`);
  let parent: Record<string, unknown> = resource.properties;
  for (const key of keys) parent = parent[key] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return changed;
}

/** Adds a metric alert on the app, changed by a mistake. */
function withMetricAlert(properties: Record<string, unknown>): Deployment {
  const changed = deployment('everything');
  const site = changed.resources.find(({ type }) => type === SITE);
  const group = changed.resources.find(({ type }) => type === ACTION_GROUP);
  if (site === undefined || group === undefined) throw new Error('no app or action group');
  changed.resources.push({
    ...group,
    type: 'Microsoft.Insights/metricAlerts',
    id: `${site.id}/providers/Microsoft.Insights/metricAlerts/errors`,
    name: 'errors',
    managedBy: 'errors',
    properties: {
      enabled: true,
      scopes: [site.id],
      evaluationFrequency: 'PT1M',
      windowSize: 'PT5M',
      criteria: {
        allOf: [{ metricNamespace: SITE, metricName: 'Http5xx', operator: 'GreaterThan', threshold: 0 }],
      },
      actions: [{ actionGroupId: group.id }],
      ...properties,
    },
  });
  const dependencies = new Map([...changed.dependencies, ['errors', [site.managedBy, group.managedBy]]]);
  return { ...changed, dependencies };
}

function without(variant: Variant, unwanted: (resource: Resource) => boolean): Deployment {
  const changed = deployment(variant);
  return { ...changed, resources: changed.resources.filter((resource) => !unwanted(resource)) };
}

testWithCompiler.each<{ mistake: string; plant: () => Deployment; findings: RegExp[] }>([
  {
    mistake: 'shared keys of the storage account',
    plant: () => withProperty('signedInCallers', STORAGE, 'allowSharedKeyAccess', true),
    findings: [/allowSharedKeyAccess is true, must be false/],
  },
  {
    mistake: 'a vault without purge protection',
    plant: () => withProperty('signedInCallers', VAULT, 'enablePurgeProtection', undefined),
    findings: [/enablePurgeProtection is null, must be true/],
  },
  {
    mistake: 'old TLS',
    plant: () => withProperty('signedInCallers', SITE, 'siteConfig.scmMinTlsVersion', '1.1'),
    findings: [/siteConfig\.scmMinTlsVersion is "1\.1", must be 1\.2 or 1\.3/],
  },
  {
    mistake: 'a removed password policy',
    plant: () => without('signedInCallers', ({ name }) => name.endsWith('/scm')),
    findings: [/basicPublishingCredentialsPolicies\/scm is missing/],
  },
  {
    mistake: 'a CORS wildcard',
    plant: () => withProperty('signedInCallers', SITE, 'siteConfig.cors.allowedOrigins', ['*']),
    findings: [/allowedOrigins must not contain \*/],
  },
  {
    mistake: 'a property that Flex Consumption rejects',
    plant: () => withProperty('everything', SITE, 'siteConfig.ftpsState', 'Disabled'),
    findings: [/siteConfig\.ftpsState is rejected on Flex Consumption/],
  },
  {
    mistake: 'a saved search that a second deployment cannot overwrite',
    plant: () => withProperty('everything', SEARCH, 'etag', undefined),
    findings: [/token-service-requests.*: properties\.etag must be '\*'/],
  },
  {
    mistake: 'a missing app setting',
    plant: () => withProperty('signedInCallers', `${SITE}/config`, 'USER_TABLE_ENDPOINT', undefined),
    findings: [
      /app setting USER_TABLE_ENDPOINT is missing/,
      /rejects the app settings: USER_TABLE_ENDPOINT is required/,
    ],
  },
  {
    mistake: 'a missing app setting of the host',
    plant: () => withProperty('keyless', `${SITE}/config`, 'AzureWebJobsStorage__clientId', undefined),
    findings: [/app setting AzureWebJobsStorage__clientId is missing/],
  },
  {
    mistake: 'an app setting of another mode',
    plant: () => withProperty('keyless', `${SITE}/config`, 'OIDC_ISSUER', 'https://id.example.com/'),
    findings: [/app setting OIDC_ISSUER is not read in this mode/],
  },
  {
    mistake: 'an app setting that breaks Flex Consumption',
    plant: () => withProperty('signedInCallers', `${SITE}/config`, 'WEBSITE_RUN_FROM_PACKAGE', '1'),
    findings: [/app setting WEBSITE_RUN_FROM_PACKAGE is not read/],
  },
  {
    mistake: 'an app setting out of range',
    plant: () => withProperty('signedInCallers', `${SITE}/config`, 'REQUEST_DEADLINE_SECONDS', '0'),
    findings: [/shared\/config\.ts rejects the app settings: REQUEST_DEADLINE_SECONDS must be/],
  },
  {
    mistake: 'a role for another identity than that of the app',
    plant: () =>
      withProperty('keyless', ROLE, 'principalId', `[reference('${OTHER}', '2024-11-30').principalId]`),
    findings: [/principalId refers to other, must be id-acstoken-\S+ as elsewhere/],
  },
  {
    mistake: 'a role for a principal of another type',
    plant: () => withProperty('keyless', ROLE, 'principalType', 'User'),
    findings: [/principalType must be ServicePrincipal/],
  },
  {
    mistake: 'a role on a wider scope',
    plant: () => {
      const wider = deployment('signedInCallers');
      for (const resource of wider.resources)
        resource.id = resource.id.replace('/tableServices/default/tables/users', '');
      return wider;
    },
    findings: [
      /role Storage Table Data Contributor .* is missing/,
      /role 0a9a7e1f-.* on Microsoft\.Storage\/storageAccounts is not needed/,
    ],
  },
  {
    mistake: 'access keys that stay on when keyless',
    plant: () => withProperty('keyless', ACS, 'disableLocalAuth', false),
    findings: [/disableLocalAuth must be true/],
  },
  {
    mistake: 'the wrong key in the secret',
    plant: () =>
      withProperty(
        'signedInCallers',
        `${VAULT}/secrets`,
        'value',
        `[listKeys('${LANDING_ZONE}/${ACS}/acs', '2026-03-18').secondaryConnectionString]`,
      ),
    findings: [/must hold the connection string of the primary key/],
  },
  {
    mistake: 'a secret whose tag names the wrong key',
    plant: () => {
      const changed = deployment('signedInCallers');
      for (const { tags } of changed.resources) if (tags?.['activeKey']) tags['activeKey'] = 'secondary';
      return changed;
    },
    findings: [/the tag activeKey must be primary/],
  },
  {
    mistake: 'a vault that stays public',
    plant: () => withProperty('privateNetwork', VAULT, 'publicNetworkAccess', 'Enabled'),
    findings: [/vaults: publicNetworkAccess must be Disabled/],
  },
  {
    mistake: 'an app outside the virtual network',
    plant: () => withProperty('privateNetwork', SITE, 'virtualNetworkSubnetId', null),
    findings: [/virtualNetworkSubnetId must be set/],
  },
  {
    mistake: 'a metric alert without action group',
    plant: () => withMetricAlert({ actions: [] }),
    findings: [/metricAlerts errors: properties\.actions\.\*\.actionGroupId is absent, must be/],
  },
  {
    mistake: 'a metric of another type of resource',
    plant: () =>
      withMetricAlert({
        criteria: {
          allOf: [
            { metricNamespace: STORAGE, metricName: 'Availability', operator: 'LessThan', threshold: 99 },
          ],
        },
      }),
    findings: [/metricNamespace is Microsoft\.Storage\/storageAccounts, must be .* Microsoft\.Web\/sites/],
  },
  {
    mistake: 'a window that metric alerts do not have',
    plant: () => withMetricAlert({ windowSize: 'PT10M' }),
    findings: [/metricAlerts errors: properties\.windowSize is PT10M, must be one of 1, 5, 15/],
  },
  {
    mistake: 'an alert that is off',
    plant: () => withMetricAlert({ enabled: false }),
    findings: [/metricAlerts errors: properties\.enabled is false/],
  },
  {
    mistake: 'an underscore in the name of an existing subnet',
    plant: () => withProperty('privateNetwork', SITE, 'virtualNetworkSubnetId', `${EXISTING_SUBNET}/my_app`),
    findings: [/virtualNetworkSubnetId is my_app, must be a name without underscore/],
  },
  {
    mistake: 'an existing network in place of its subnet',
    plant: () =>
      withProperty('privateNetwork', SITE, 'virtualNetworkSubnetId', EXISTING_SUBNET.replace('/subnets', '')),
    findings: [
      /virtualNetworkSubnetId is \{Microsoft\.Network\/virtualNetworks id\}, must be \{\S+subnets id\}/,
    ],
  },
  {
    mistake: 'a private endpoint without its DNS zone',
    plant: () => without('privateNetwork', ({ id }) => /pe-acstoken-table-.*privateDnsZoneGroups/.test(id)),
    findings: [/pe-acstoken-table-\S+: has no privateDnsZoneGroups, must have one with privatelink\.table/],
  },
  {
    mistake: 'a DNS zone without a link to the network',
    plant: () => without('privateNetwork', ({ id }) => /privatelink\.table.*virtualNetworkLinks/.test(id)),
    findings: [/pe-acstoken-table-\S+: its DNS zone privatelink\.table\S+ has no link to vnet-/],
  },
  {
    mistake: 'a missing private endpoint',
    plant: () => without('privateNetwork', ({ id }) => id.includes('pe-acstoken-table')),
    findings: [/the private endpoint table is missing/],
  },
  {
    mistake: 'private functions that accept public connections',
    plant: () => withProperty('privateLink', SITE, 'publicNetworkAccess', 'Enabled'),
    findings: [/func-.*: publicNetworkAccess must be Disabled/],
  },
  {
    mistake: 'private functions that nobody can reach',
    plant: () => without('privateLink', ({ id }) => id.includes('pe-acstoken-sites')),
    findings: [/the private endpoint sites is missing/],
  },
  {
    mistake: 'blobs without soft delete',
    plant: () =>
      withProperty('signedInCallers', `${STORAGE}/blobServices`, 'deleteRetentionPolicy.enabled', false),
    findings: [/deleteRetentionPolicy\.enabled is false, must be true/],
  },
])('finds $mistake', ({ plant, findings }) => {
  const changed = plant();

  const found = checkDeployment(changed);

  expect(found).toEqual(findings.map((finding) => expect.stringMatching(finding)));
});

testWithCompiler.each<Variant>(['signedInCallers', 'keyless', 'privateNetwork', 'everything'])(
  'has no findings in %s',
  (variant) => {
    const found = checkDeployment(deployment(variant));

    expect(found).toEqual([]);
  },
);

testWithCompiler('accepts a metric alert on the app', () => {
  const found = checkDeployment(withMetricAlert({}));

  expect(found).toEqual([]);
});

testWithCompiler('accepts a subnet of another resource group', () => {
  const changed = withProperty('privateNetwork', SITE, 'virtualNetworkSubnetId', `${EXISTING_SUBNET}/app`);

  const found = checkDeployment(changed);

  expect(found).toEqual([]);
});
