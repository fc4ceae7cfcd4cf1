import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { findBicepCompiler } from '../../../tools/check-infra/bicepCompiler.ts';
import { checkDeployment } from '../../../tools/check-infra/checkDeployment.ts';
import { expandInfra } from '../../../tools/check-infra/expandInfra.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

jest.setTimeout(300_000);

/** A mistake in the Bicep files that Azure accepts or refuses late, and the finding that it must cause. */
interface Mistake {
  mistake: string;
  file: string;
  text: string;
  replacement: string;
  finding: RegExp;
}

const parameters = `using 'main.bicep'

param acsDataLocation = 'Europe'
param privateNetworking = true
param callerAuth = 'oidc'
param oidcIssuer = 'https://id.example.com'
param oidcAudience = 'api'
param oidcRequiredScope = ['tokens']
param alertEmails = ['on-call@example.com']
`;

const main = 'main.bicep';
const alerts = 'modules/alerts.bicep';
const functionApp = 'modules/functionApp.bicep';
const network = 'modules/network.bicep';
const privateEndpoint = 'modules/privateEndpoint.bicep';
const storage = 'modules/storage.bicep';
const vault = 'modules/vault.bicep';

// A group is compiled once, so no mistake in it may hide another.
const groups: Mistake[][] = [
  [
    {
      mistake: 'the resource id in place of the client id',
      file: functionApp,
      text: 'AZURE_CLIENT_ID: identity.clientId',
      replacement: 'AZURE_CLIENT_ID: identity.id',
      finding:
        /sites\/config func-\S+\/appsettings: properties\.AZURE_CLIENT_ID is \{\S+userAssignedIdentities id\}, must be \{\S+userAssignedIdentities clientId\}/,
    },
    {
      mistake: 'the resource id in place of the client id of the host',
      file: functionApp,
      text: 'AzureWebJobsStorage__clientId: identity.clientId',
      replacement: 'AzureWebJobsStorage__clientId: identity.id',
      finding: /properties\.AzureWebJobsStorage__clientId is \{\S+Identities id\}, must be \{\S+ clientId\}/,
    },
    {
      mistake: 'the resource id in the authentication string of telemetry',
      file: functionApp,
      text: 'ClientId=${identity.clientId}',
      replacement: 'ClientId=${identity.id}',
      finding:
        /APPLICATIONINSIGHTS_AUTHENTICATION_STRING is ClientId=\/subscriptions\S+, must be ClientId=\{\S+ clientId\};/,
    },
    {
      mistake: 'the client id in place of the resource id',
      file: functionApp,
      text: 'userAssignedIdentityResourceId: identity.id',
      replacement: 'userAssignedIdentityResourceId: identity.clientId',
      finding: /userAssignedIdentityResourceId is \{\S+ clientId\}, must be \{\S+userAssignedIdentities id\}/,
    },
    {
      mistake: 'a role for the client id',
      file: main,
      text: 'principalId: identity.outputs.principalId',
      replacement: 'principalId: identity.outputs.clientId',
      finding:
        /roleAssignments monitoring\.publisher: properties\.principalId is \{\S+ clientId\}, must be \{\S+ principalId\}/,
    },
    {
      mistake: 'the wrong delegation',
      file: network,
      text: 'Microsoft.App/environments',
      replacement: 'Microsoft.Web/serverFarms',
      finding:
        /virtualNetworkSubnetId is app, which is delegated to Microsoft\.Web\/serverFarms; must be Microsoft\.App\/env/,
    },
    {
      mistake: 'a subnet that is too small',
      file: network,
      text: 'cidrSubnet(addressPrefix, 26, 0)',
      replacement: 'cidrSubnet(addressPrefix, 29, 0)',
      finding: /virtualNetworkSubnetId is app with 10\.0\.0\.0\/29, must be \/27 or larger/,
    },
    {
      mistake: 'the wrong DNS zone for the vault',
      file: main,
      text: "'.vaultcore.'",
      replacement: "'.vault.'",
      finding:
        /pe-acstoken-vault\S+: its DNS zone is privatelink\.vault\.azure\.net, must be privatelink\.vaultcore\.azure\.net/,
    },
    {
      mistake: 'the wrong sub-resource',
      file: main,
      text: "groupId: 'table'",
      replacement: "groupId: 'blob'",
      finding: /pe-acstoken-table\S+: its DNS zone is privatelink\.table\.\S+, must be privatelink\.blob\./,
    },
    {
      mistake: 'DNS registration',
      file: privateEndpoint,
      text: 'registrationEnabled: false',
      replacement: 'registrationEnabled: true',
      finding: /virtualNetworkLinks privatelink\.blob\S+: properties\.registrationEnabled must be false/,
    },
    {
      mistake: 'another plan',
      file: functionApp,
      text: "{ name: 'FC1', tier: 'FlexConsumption' }",
      replacement: "{ name: 'EP1', tier: 'ElasticPremium' }",
      finding: /serverfarms plan-\S+: sku\.name is EP1, must be FC1/,
    },
    {
      mistake: 'an alert window that Azure refuses',
      file: alerts,
      text: "windowSize: 'PT15M'",
      replacement: "windowSize: 'PT3M'",
      finding: /throttled-requests: properties\.windowSize is PT3M, must be one of 1, 5, 10, 15/,
    },
    {
      mistake: 'an alert without action group',
      file: alerts,
      text: '[team.id]',
      replacement: '[]',
      finding:
        /failed-requests: properties\.actions\.actionGroups\.\* is absent, must be \{Microsoft\.Insights\/actionGroups id\}/,
    },
    {
      mistake: 'a threshold that is never reached',
      file: alerts,
      text: 'threshold: 5 }',
      replacement: 'threshold: 101 }',
      finding: /failed-requests: threshold is 101, which never fires; must be between 0 and 100/,
    },
    {
      mistake: 'a role that does not wait for its secret',
      file: vault,
      text: '  dependsOn: [connectionString]\n',
      replacement: '',
      finding:
        /roleAssignments vault\.reader: must depend on Microsoft\.KeyVault\/vaults\/secrets \S+ \(vault\.connectionString/,
    },
    {
      mistake: 'a vault that Azure services can bypass',
      file: vault,
      text: "bypass: 'None'",
      replacement: "bypass: 'AzureServices'",
      finding: /vaults kv-\S+: networkAcls\.bypass is "AzureServices", must be None/,
    },
    {
      mistake: 'a secret that does not wait for its communication service',
      file: main,
      text: 'communicationServiceName: communication.outputs.name',
      replacement: "communicationServiceName: 'acs-${prefix}-${suffix}'",
      finding: /vaults\/secrets \S+: must depend on Microsoft\.Communication\/communicationServices acs-/,
    },
    {
      mistake: 'an app that does not wait for a private endpoint',
      file: main,
      text: 'dependsOn: [blobEndpoint, tableEndpoint, vaultEndpoint]',
      replacement: 'dependsOn: [blobEndpoint, tableEndpoint]',
      finding: /sites func-\S+: must depend on Microsoft\.Network\/privateEndpoints pe-acstoken-vault/,
    },
    {
      mistake: 'a private endpoint in the subnet of the app',
      file: main,
      text: 'endpointSubnetId: network!.outputs.endpointSubnetId',
      replacement: 'endpointSubnetId: network!.outputs.appSubnetId',
      finding: /pe-acstoken-blob\S+: properties\.subnet\.id is app, which is delegated to/,
    },
    {
      mistake: 'the name of a storage account that nothing deploys',
      file: main,
      text: 'accountName: storage.outputs.name',
      replacement: "accountName: 'st${prefix}'",
      finding: /AzureWebJobsStorage__accountName is stacstoken, must be \{\S+storageAccounts name\}/,
    },
    {
      mistake: 'the name of a table that nothing deploys',
      file: main,
      text: 'USER_TABLE_NAME: storage.outputs.userTableName',
      replacement: "USER_TABLE_NAME: 'user'",
      finding: /USER_TABLE_NAME is user, must be \{\S+tables name\}/,
    },
    {
      mistake: 'a container that nothing deploys',
      file: storage,
      text: '${account::blobService::deployments.name}',
      replacement: 'packages',
      finding:
        /deployment\.storage\.value is \{\S+ primaryEndpoints\.blob\}packages, must be \{\S+ primaryEndpoints\.blob\}\{\S+ name\}/,
    },
  ],
  [
    {
      mistake: 'the output of another module',
      file: main,
      text: 'workspaceId: monitoring.outputs.workspaceId',
      replacement: 'workspaceId: identity.outputs.id',
      finding:
        /diagnosticSettings access-log: properties\.workspaceId is \{\S+Identities id\}, must be \{\S+workspaces id\}/,
    },
    {
      mistake: 'the endpoint of another service',
      file: main,
      text: 'USER_TABLE_ENDPOINT: storage.outputs.tableEndpoint',
      replacement: 'USER_TABLE_ENDPOINT: storage.outputs.deploymentContainerUrl',
      finding:
        /USER_TABLE_ENDPOINT is \{\S+ primaryEndpoints\.blob\}deployments, must be \{\S+ primaryEndpoints\.table\}/,
    },
    {
      mistake: 'the id of the vault in place of its URL',
      file: main,
      text: 'KEY_VAULT_URI: vault!.outputs.uri',
      replacement: 'KEY_VAULT_URI: vault!.outputs.id',
      finding:
        /KEY_VAULT_URI is \{Microsoft\.KeyVault\/vaults id\}, must be \{Microsoft\.KeyVault\/vaults vaultUri\}/,
    },
    {
      mistake: 'the instrumentation key in place of the connection string',
      file: 'modules/monitoring.bicep',
      text: 'applicationInsights.properties.ConnectionString',
      replacement: 'applicationInsights.properties.InstrumentationKey',
      finding:
        /APPLICATIONINSIGHTS_CONNECTION_STRING is \{\S+components InstrumentationKey\}, must be \{\S+ ConnectionString\}/,
    },
    {
      mistake: 'a sub-resource of another service',
      file: main,
      text: 'serviceId: vault!.outputs.id',
      replacement: 'serviceId: storage.outputs.id',
      finding:
        /pe-acstoken-vault\S+: groupIds is vault, must be blob or file or queue or table for Microsoft\.Storage/,
    },
    {
      mistake: 'an underscore in the name of the subnet',
      file: network,
      text: "name: 'app'",
      replacement: "name: 'app_subnet'",
      finding: /virtualNetworkSubnetId is app_subnet, must be a name without underscore/,
    },
    {
      mistake: 'a missing delegation',
      file: network,
      text: "delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]",
      replacement: '',
      finding:
        /virtualNetworkSubnetId is app_subnet, which is delegated to nothing; must be Microsoft\.App\/environments/,
    },
    {
      mistake: 'a DNS zone that is linked to a subnet',
      file: privateEndpoint,
      text: 'virtualNetwork: { id: network.id }',
      replacement: 'virtualNetwork: { id: network.endpointSubnetId }',
      finding:
        /virtualNetworkLinks \S+: properties\.virtualNetwork\.id is \{\S+subnets id\}, must be \{\S+virtualNetworks id\}/,
    },
    {
      mistake: 'a frequency longer than the window',
      file: alerts,
      text: "evaluationFrequency: 'PT5M'",
      replacement: "evaluationFrequency: 'PT30M'",
      finding: /throttled-requests: properties\.evaluationFrequency is longer than windowSize/,
    },
    {
      mistake: 'a column that the query does not have',
      file: alerts,
      text: "metricMeasureColumn: 'FailedPercent'",
      replacement: "metricMeasureColumn: 'FailurePercent'",
      finding: /failed-requests: metricMeasureColumn is FailurePercent, must be a column of the query/,
    },
    {
      mistake: 'a communication service that nothing deploys',
      file: main,
      text: 'communicationServiceName: communication.outputs.name',
      replacement: "communicationServiceName: 'acs-${prefix}'",
      finding: /vaults\/secrets \S+: refers to \S+\/communicationServices\/acs-acstoken, which neither/,
    },
    {
      mistake: 'a role on the account in place of the table',
      file: storage,
      text: 'scope: account::tableService::users',
      replacement: 'scope: account',
      finding: /role 0a9a7e1f-\S+ on Microsoft\.Storage\/storageAccounts is not needed/,
    },
  ],
];

describe.each(groups.map((mistakes, index) => ({ mistakes, index })))('group $index', ({ mistakes }) => {
  let infra: InfraCopy;
  let findings: string[];
  beforeAll(async () => {
    infra = await copyInfra();
    await infra.write('main.bicepparam', parameters);
    for (const { file, text, replacement } of mistakes) await infra.edit(file, text, replacement);
    const { deployments, ...expanded } = await expandInfra(
      await findBicepCompiler(() => undefined),
      infra.folder,
    );
    findings = [...expanded.findings, ...deployments.flatMap(checkDeployment)];
  });
  afterAll(() => infra.remove());

  testWithCompiler.each(mistakes)('finds $mistake', ({ finding }) => {
    expect(findings).toContainEqual(expect.stringMatching(finding));
  });
});
