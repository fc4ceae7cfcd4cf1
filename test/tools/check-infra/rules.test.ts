import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { findBicepCompiler } from '../../../tools/check-infra/bicepCompiler.ts';
import { type CompiledInfra, compileInfra } from '../../../tools/check-infra/compileInfra.ts';
import type { Deployment, Resource } from '../../../tools/check-infra/expandedDeployment.ts';
import { checkAcsCredentials } from '../../../tools/check-infra/rules/acsCredentials.ts';
import { checkAppSettings } from '../../../tools/check-infra/rules/appSettings.ts';
import { checkFlexConsumption } from '../../../tools/check-infra/rules/flexConsumption.ts';
import { checkHardening } from '../../../tools/check-infra/rules/hardening.ts';
import { checkPrivateNetworking } from '../../../tools/check-infra/rules/privateNetworking.ts';
import { checkRedeployment } from '../../../tools/check-infra/rules/redeployment.ts';
import { checkRoleAssignments } from '../../../tools/check-infra/rules/roleAssignments.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

jest.setTimeout(600_000);

const ACS = 'Microsoft.Communication/communicationServices';
const ROLE = 'Microsoft.Authorization/roleAssignments';
const SEARCH = 'Microsoft.OperationalInsights/workspaces/savedSearches';
const SITE = 'Microsoft.Web/sites';
const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';

let infra: InfraCopy;
let compiled: CompiledInfra;
beforeAll(async () => {
  infra = await copyInfra(['signedInCallers', 'keyless', 'privateNetwork', 'privateLink', 'everything']);
  const ignore = () => undefined;
  compiled = await compileInfra(await findBicepCompiler(ignore), infra.folder, ignore);
});
afterAll(() => infra.remove());

type Variant = 'signedInCallers' | 'keyless' | 'privateNetwork' | 'privateLink' | 'everything';

/** A copy of what a variant of the real template deploys. */
function deployment(variant: Variant): Deployment & { resources: Resource[] } {
  const found = compiled.deployments.find(({ name }) => name === `variants/${variant}`);
  if (found === undefined) throw new Error(`no deployment ${variant}: ${compiled.findings.join()}`);
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

function without(variant: Variant, unwanted: (resource: Resource) => boolean): Deployment {
  const changed = deployment(variant);
  return { ...changed, resources: changed.resources.filter((resource) => !unwanted(resource)) };
}

const rules = [
  checkAcsCredentials,
  checkAppSettings,
  checkFlexConsumption,
  checkHardening,
  checkPrivateNetworking,
  checkRedeployment,
  checkRoleAssignments,
];

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
    mistake: 'a resource id in place of the client id',
    plant: () =>
      withProperty('signedInCallers', `${SITE}/config`, 'AZURE_CLIENT_ID', '[reference(x).outputs.id.value]'),
    findings: [/app setting AZURE_CLIENT_ID must use the identity's clientId output/],
  },
  {
    mistake: 'a role for the client id',
    plant: () => withProperty('keyless', ROLE, 'principalId', '[reference(x).outputs.clientId.value]'),
    findings: [/principalId must be the identity's principalId output/],
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
      withProperty('signedInCallers', `${VAULT}/secrets`, 'value', '[listKeys().secondaryConnectionString]'),
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

  const found = rules.flatMap((rule) => rule(changed));

  expect(found).toEqual(findings.map((finding) => expect.stringMatching(finding)));
});
