import { afterEach, expect, jest } from '@jest/globals';
import { runCommand } from '../../e2e/command.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

// Each test runs the compiler several times.
jest.setTimeout(600_000);

let infra: InfraCopy | undefined;
afterEach(() => infra?.remove());

function parameters(...lines: string[]): string {
  const all = ["acsDataLocation = 'Europe'", ...lines].map((line) => `param ${line}\n`);
  return `using 'main.bicep'\n\n${all.join('')}`;
}

async function checkInfra(...args: string[]): Promise<{ output: string; exitCode: number | null }> {
  const check = runCommand('tools/check-infra.ts', args);
  const exitCode = await check.ended;
  return { output: check.output(), exitCode };
}

testWithCompiler('exits with 2 when --folder has no value', async () => {
  const { output, exitCode } = await checkInfra('--folder');

  expect(output).toMatch(/--folder.*See --help\.\n$/);
  expect(exitCode).toBe(2);
});

testWithCompiler('has no findings in the templates, even when their API versions are old', async () => {
  // Together these set every parameter.
  infra = await copyInfra(['everything', 'secondaryKey', 'landingZone']);
  const inTenYears = '"use-recent-api-versions": { "test-today": "2036-01-01", "level"';
  await infra.edit('bicepconfig.json', '"use-recent-api-versions": { "level"', inTenYears);

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/No findings in \d+ files, 3 deployments, 8 queries\.\n$/);
  expect(exitCode).toBe(0);
});

testWithCompiler('reports mistakes in the files: linter, compiler, format and queries', async () => {
  infra = await copyInfra();
  await infra.edit(
    'modules/communication.bicep',
    "@description('URL of the communication service.')",
    "@description('Leaks.')\noutput key string = communication.listKeys().primaryConnectionString\n\n" +
      "@description('URL of the communication service.')",
  );
  await infra.edit('modules/functionApp.bicep', 'httpsOnly: true', 'httpOnly: true');
  await infra.edit('modules/identity.bicep', '  location: location', '  location:   location');
  await infra.edit('queries/failedRequests.kql', 'Status >= 500', 'StatusCode >= 500');
  const line = 'param maximumInstanceCount = 39';
  await infra.write('main.bicepparam', `using 'main.bicep'\n\nparam acsDataLocation = 'Europe'\n${line}\n`);

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/modules\/communication\.bicep.*outputs-should-not-contain-secrets.*listKeys/);
  expect(output).toMatch(/modules\/functionApp\.bicep\(\d+,\d+\) : Warning BCP\d+.*httpOnly/);
  expect(output).toMatch(/modules\/identity\.bicep : is not formatted/);
  expect(output).toMatch(/queries\/failedRequests\.kql : The name 'StatusCode' does not refer to any known/);
  // The compiler does not name the parameter; the source line does.
  expect(output).toMatch(/main\.bicepparam\(4,\d+\) : Error BCP.*\n {4}param maximumInstanceCount = 39\n/);
  expect(output).toMatch(/\n\d+ findings in /);
  expect(exitCode).toBe(1);
});

testWithCompiler('reports mistakes in what the parameters files deploy', async () => {
  infra = await copyInfra(['signedInCallers']);
  await infra.edit('modules/vault.bicep', '4633458b-17de-408a-b874', '00482a5a-887f-4fb3-b363');
  const invalid = {
    namePrefix: "'A-b'",
    secretName: "'not_allowed'",
    tokenDefaultScopes: "['chat.join']",
    tokenDefaultExpiryMinutes: '120\nparam tokenMaxExpiryMinutes = 60',
    oidcIssuer: "'http://id.example.com'\nparam callerAuth = 'oidc'",
    oidcAudience: "''\nparam oidcIssuer = 'https://id.example.com'\nparam callerAuth = 'oidc'",
    oidcRequiredScope: `[]\nparam oidcIssuer = 'https://id.example.com'\nparam oidcAudience = 'api'\nparam callerAuth = 'oidc'`,
    teamsClientId: "'4d5c0b5e-8f1a-4a53-9a0f-0d8f4c2b7e61'",
    corsOrigins: "['*']",
    alertEmails: "['a@example.com', 'a@example.com']",
    networkAddressPrefix: "'10.0.0.0/28'\nparam privateNetworking = true",
    availabilityTestLocations: "['emea-nl-ams-azr']\nparam alertEmails = ['a@example.com']",
    workspaceId: "'central'",
  };
  for (const [parameter, value] of Object.entries(invalid)) {
    await infra.write(`${parameter}.bicepparam`, parameters(`${parameter} = ${value}`));
  }

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/signedInCallers : role Key Vault Secrets User .* is missing/);
  expect(output).toMatch(/parameter storageSku is never set: set it in a file of infra\/variants/);
  for (const parameter of Object.keys(invalid)) {
    expect(output).toMatch(new RegExp(`${parameter}\\.bicepparam : .* is not valid: ${parameter} `));
  }
  expect(exitCode).toBe(1);
});

const network = '/subscriptions/s/resourceGroups/r/providers/Microsoft.Network';
const appSubnetId = `appSubnetId = '${network}/virtualNetworks/v/subnets/app'`;
const endpointSubnetId = `endpointSubnetId = '${network}/virtualNetworks/v/subnets/endpoints'`;
const blobZone = `privateDnsZoneIds = {\n  blob: '${network}/privateDnsZones/privatelink.blob.core.windows.net'\n}`;
const privateNetworking = 'privateNetworking = true';

testWithCompiler('refuses what Azure refuses or ignores together, and names both parameters', async () => {
  infra = await copyInfra();
  const workspace = '/subscriptions/s/resourceGroups/r/providers/Microsoft.OperationalInsights/workspaces/w';
  const refused: Record<string, [reason: RegExp, ...lines: string[]]> = {
    zones: [
      /zoneRedundant needs a storageSku with zones/,
      'zoneRedundant = true',
      "storageSku = 'Standard_GRS'",
    ],
    unreachable: [/publicAccess false needs privateNetworking true/, 'publicAccess = false'],
    unrestricted: [
      /allowedCallers needs publicAccess true/,
      "allowedCallers = [{ addressRange: '203.0.113.7/32' }]",
      'publicAccess = false',
      privateNetworking,
    ],
    noCaller: [/allowedCallers must each have either a frontDoorId or/, 'allowedCallers = [{}]'],
    publicSubnets: [
      /appSubnetId and endpointSubnetId need privateNetworking true/,
      appSubnetId,
      endpointSubnetId,
    ],
    oneSubnet: [/appSubnetId and endpointSubnetId must be set together/, appSubnetId, privateNetworking],
    sameSubnet: [
      /appSubnetId and endpointSubnetId must differ/,
      appSubnetId,
      endpointSubnetId.replace('/endpoints', '/app'),
      privateNetworking,
    ],
    underscore: [
      /appSubnetId must name a subnet without an underscore/,
      appSubnetId.replace('/app', '/app_1'),
      endpointSubnetId,
      privateNetworking,
    ],
    notASubnet: [
      /appSubnetId and endpointSubnetId must be resource ids of subnets/,
      appSubnetId.replace('/subnets/app', ''),
      endpointSubnetId,
      privateNetworking,
    ],
    publicZone: [/privateDnsZoneIds needs privateNetworking true/, blobZone],
    otherZone: [
      /privateDnsZoneIds must be resource ids of private DNS zones/,
      blobZone.replace('.blob.', '.table.'),
      privateNetworking,
    ],
    cap: [
      /logDailyCapGb cannot be set with workspaceId/,
      'logDailyCapGb = 1',
      `workspaceId = '${workspace}'`,
    ],
  };
  for (const [name, [, ...lines]] of Object.entries(refused)) {
    await infra.write(`${name}.bicepparam`, parameters(...lines));
  }

  const { output } = await checkInfra('--folder', infra.folder);

  for (const [name, [reason]] of Object.entries(refused)) {
    expect(output).toMatch(new RegExp(`${name}\\.bicepparam : .* ${reason.source}`));
  }
});
