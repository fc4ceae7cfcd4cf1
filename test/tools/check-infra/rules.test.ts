import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { findBicepCompiler } from '../../../tools/check-infra/bicepCompiler.ts';
import { type CompiledInfra, compileInfra } from '../../../tools/check-infra/compileInfra.ts';
import type { Deployment, Resource } from '../../../tools/check-infra/expandedDeployment.ts';
import { checkAppSettings } from '../../../tools/check-infra/rules/appSettings.ts';
import { checkDiagnostics } from '../../../tools/check-infra/rules/diagnostics.ts';
import { checkFlexConsumption } from '../../../tools/check-infra/rules/flexConsumption.ts';
import { checkHardening } from '../../../tools/check-infra/rules/hardening.ts';
import { checkModes } from '../../../tools/check-infra/rules/modes.ts';
import { checkOutputs } from '../../../tools/check-infra/rules/outputs.ts';
import { checkRedeployment } from '../../../tools/check-infra/rules/redeployment.ts';
import { checkRoleAssignments } from '../../../tools/check-infra/rules/roleAssignments.ts';
import { copyInfra, type InfraCopy } from './infraCopy.ts';
import { testWithCompiler } from './testWithCompiler.ts';

jest.setTimeout(180_000);

const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';
const SITE = 'Microsoft.Web/sites';

let infra: InfraCopy;
let compiled: CompiledInfra;
beforeAll(async () => {
  infra = await copyInfra(['signedInCallers', 'keyless', 'privateNetwork', 'everything']);
  const ignore = () => undefined;
  compiled = await compileInfra(await findBicepCompiler(ignore), infra.folder, ignore);
});
afterAll(() => infra.remove());

type Variant = 'signedInCallers' | 'keyless' | 'privateNetwork' | 'everything';

/** A deployment of the real template, to spoil. */
function deployment(variant: Variant): Deployment & { resources: Resource[] } {
  const found = compiled.deployments.find(({ name }) => name === `variants/${variant}`);
  if (found === undefined) throw new Error(`no deployment ${variant}: ${compiled.findings.join()}`);
  return structuredClone({ ...found, resources: [...found.resources] });
}

/** The deployment with one property of one resource set to something else. */
function withProperty(variant: Variant, type: string, path: string, value: unknown): Deployment {
  const spoilt = deployment(variant);
  const resource = spoilt.resources.find((candidate) => candidate.type === type);
  const keys = path.split('.');
  if (resource === undefined) throw new Error(`no ${type} in ${variant}`);
  let parent: Record<string, unknown> = resource.properties;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  parent[keys.at(-1) ?? ''] = value;
  return spoilt;
}

function without(variant: Variant, unwanted: (resource: Resource) => boolean): Deployment {
  const spoilt = deployment(variant);
  return { ...spoilt, resources: spoilt.resources.filter((resource) => !unwanted(resource)) };
}

testWithCompiler.each([
  { type: STORAGE, path: 'allowSharedKeyAccess', value: true },
  { type: STORAGE, path: 'allowBlobPublicAccess', value: true },
  { type: STORAGE, path: 'supportsHttpsTrafficOnly', value: false },
  { type: STORAGE, path: 'minimumTlsVersion', value: 'TLS1_0' },
  { type: `${STORAGE}/blobServices/containers`, path: 'publicAccess', value: 'Blob' },
  { type: VAULT, path: 'enableRbacAuthorization', value: false },
  { type: VAULT, path: 'enablePurgeProtection', value: undefined },
  { type: 'Microsoft.Insights/components', path: 'DisableLocalAuth', value: false },
  { type: 'Microsoft.OperationalInsights/workspaces', path: 'features.disableLocalAuth', value: false },
  { type: SITE, path: 'httpsOnly', value: false },
  { type: SITE, path: 'siteConfig.minTlsVersion', value: '1.0' },
  { type: SITE, path: 'siteConfig.scmMinTlsVersion', value: '1.1' },
  { type: SITE, path: 'siteConfig.cors.supportCredentials', value: true },
  { type: SITE, path: 'functionAppConfig.runtime.version', value: '20' },
  { type: `${SITE}/basicPublishingCredentialsPolicies`, path: 'allow', value: true },
])('refuses $value as $path of $type', ({ type, path, value }) => {
  const spoilt = withProperty('signedInCallers', type, path, value);

  const findings = checkHardening(spoilt);

  expect(findings).toEqual([expect.stringContaining(`: ${path} is ${JSON.stringify(value ?? null)}`)]);
});

testWithCompiler.each(['alwaysOn', 'ftpsState', 'linuxFxVersion'])(
  'refuses %s, as Flex Consumption does',
  (name) => {
    const spoilt = withProperty('everything', SITE, `siteConfig.${name}`, 'Disabled');

    expect(checkFlexConsumption(spoilt)).toEqual([
      `siteConfig.${name} is refused on Flex Consumption: leave it out`,
    ]);
  },
);

testWithCompiler('refuses a saved search that a second deployment could not overwrite', () => {
  const type = 'Microsoft.OperationalInsights/workspaces/savedSearches';
  const spoilt = withProperty('everything', type, 'etag', undefined);

  expect(checkRedeployment(spoilt)).toEqual([expect.stringMatching(/token-service-requests.*etag must be/)]);
  expect(checkRedeployment(deployment('everything'))).toEqual([]);
});

testWithCompiler('refuses a password policy that is left out, and any origin', () => {
  const noPolicy = without('signedInCallers', ({ name }) => name.endsWith('/scm'));
  const anyOrigin = withProperty('signedInCallers', SITE, 'siteConfig.cors.allowedOrigins', ['*']);

  expect(checkHardening(noPolicy)).toEqual(['publishing with a password over scm is not switched off']);
  expect(checkHardening(anyOrigin)).toEqual(['CORS allows *']);
});

testWithCompiler('refuses a deployment without the resource that it is to check', () => {
  const noStorage = without('signedInCallers', ({ type }) => type === STORAGE);

  expect(checkHardening(noStorage)).toEqual([`there is no ${STORAGE}`]);
});

testWithCompiler.each([
  'KEY_VAULT_URI',
  'CALLER_AUTH',
  'USER_TABLE_ENDPOINT',
  'AZURE_CLIENT_ID',
  'AzureWebJobsStorage__clientId',
])('misses app setting %s when it is left out', (name) => {
  const spoilt = deployment('signedInCallers');
  const settings = spoilt.resources.find(({ type }) => type === `${SITE}/config`);
  Reflect.deleteProperty(settings?.properties ?? {}, name);

  expect(checkAppSettings(spoilt)).toContain(`app setting ${name} is missing`);
});

testWithCompiler.each([
  { variant: 'keyless', name: 'KEY_VAULT_URI' },
  { variant: 'keyless', name: 'OIDC_ISSUER' },
  { variant: 'signedInCallers', name: 'ACS_ENDPOINT' },
  { variant: 'signedInCallers', name: 'USER_TABLE_CONNECTION_STRING' },
  { variant: 'signedInCallers', name: 'WEBSITE_RUN_FROM_PACKAGE' },
] as const)('refuses app setting $name in $variant', ({ variant, name }) => {
  const spoilt = withProperty(variant, `${SITE}/config`, name, '1');

  expect(checkAppSettings(spoilt)).toContain(`app setting ${name} is one that nothing reads in this mode`);
});

testWithCompiler('refuses a value that the service would refuse', () => {
  const spoilt = withProperty('signedInCallers', `${SITE}/config`, 'REQUEST_DEADLINE_SECONDS', '0');

  const findings = checkAppSettings(spoilt);

  expect(findings).toEqual([
    expect.stringMatching(/shared\/config\.ts rejects the app settings: REQUEST_DEADLINE_SECONDS must be/),
  ]);
});

testWithCompiler('refuses a role for someone else, on a wider scope, or of another type', () => {
  const someone = withProperty(
    'keyless',
    'Microsoft.Authorization/roleAssignments',
    'principalId',
    'someone',
  );
  const user = withProperty('keyless', 'Microsoft.Authorization/roleAssignments', 'principalType', 'User');
  const wider = deployment('signedInCallers');
  for (const resource of wider.resources)
    resource.id = resource.id.replace('/tableServices/default/tables/users', '');

  expect(checkRoleAssignments(someone)).toEqual([expect.stringContaining("is not for the app's identity")]);
  expect(checkRoleAssignments(user)).toEqual([expect.stringContaining('must say principalType')]);
  expect(checkRoleAssignments(wider)).toEqual([
    expect.stringContaining('Storage Table Data Contributor'),
    expect.stringMatching(/^role 0a9a7e1f-.* is assigned on Microsoft.Storage\/storageAccounts, which/),
  ]);
});

testWithCompiler('misses a log that is not sent, or is switched off', () => {
  const unsent = without(
    'signedInCallers',
    ({ id }) => id.includes('/vaults/') && id.includes('diagnosticSettings'),
  );
  const off = withProperty('keyless', 'Microsoft.Insights/diagnosticSettings', 'logs', [
    { category: 'AuthOperational', enabled: false },
  ]);

  expect(checkDiagnostics(unsent)).toEqual([`${VAULT} does not send its log AuditEvent to the workspace`]);
  expect(checkDiagnostics(off)).not.toEqual([]);
});

testWithCompiler.each([
  {
    what: 'access keys that stay on when keyless',
    spoilt: () =>
      withProperty('keyless', 'Microsoft.Communication/communicationServices', 'disableLocalAuth', false),
    finding: 'access keys of the communication service must be off',
  },
  {
    what: 'the other key in the secret',
    spoilt: () =>
      withProperty('signedInCallers', `${VAULT}/secrets`, 'value', '[listKeys().secondaryConnectionString]'),
    finding: 'the secret does not hold the connection string of the primary key',
  },
  {
    what: 'a vault that stays public',
    spoilt: () => withProperty('privateNetwork', VAULT, 'publicNetworkAccess', 'Enabled'),
    finding: `${VAULT}: publicNetworkAccess must be Disabled`,
  },
  {
    what: 'an app outside the network',
    spoilt: () => withProperty('privateNetwork', SITE, 'virtualNetworkSubnetId', null),
    finding: 'the app must be integrated with a subnet',
  },
  {
    what: 'a private endpoint too few',
    spoilt: () => without('privateNetwork', ({ id }) => id.includes('pe-acstoken-table')),
    finding: 'private endpoints are blob, vault, must be blob, table, vault',
  },
  {
    what: 'instances that are not kept ready',
    spoilt: () => withProperty('everything', SITE, 'functionAppConfig.scaleAndConcurrency.alwaysReady', []),
    finding: '0 instances are always ready, not alwaysReadyInstances',
  },
  {
    what: 'an alert that is switched off',
    spoilt: () => withProperty('everything', 'Microsoft.Insights/scheduledQueryRules', 'enabled', false),
    finding: 'alert failed-requests is missing',
  },
])('refuses $what', ({ spoilt, finding }) => {
  expect(checkModes(spoilt())).toEqual([finding]);
});

testWithCompiler('refuses an output that is not expected, or that holds a secret anywhere below', () => {
  const template = structuredClone(compiled.template) as { outputs: object; resources: object };
  const key = { type: 'string', value: "[listKeys('id', '2026-03-18').primaryKey]" };

  const findings = checkOutputs({
    ...template,
    outputs: { ...template.outputs, storageName: { type: 'string', value: 'name' } },
    resources: { ...template.resources, more: { properties: { template: { outputs: { key } } } } },
  });

  expect(findings).toEqual([
    expect.stringMatching(/^output storageName is not one of/),
    'output key holds a secret',
  ]);
});
