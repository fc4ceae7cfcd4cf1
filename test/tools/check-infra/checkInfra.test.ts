import { afterEach, expect, jest } from '@jest/globals';
import { runCommand } from '../../e2e/command.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

// Each test runs the compiler several times.
jest.setTimeout(300_000);

let infra: InfraCopy | undefined;
afterEach(() => infra?.remove());

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
  // Together these two set every parameter.
  infra = await copyInfra(['everything', 'secondaryKey']);
  const inTenYears = '"use-recent-api-versions": { "test-today": "2036-01-01", "level"';
  await infra.edit('bicepconfig.json', '"use-recent-api-versions": { "level"', inTenYears);

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/No findings in \d+ files, 2 deployments, 8 queries\.\n$/);
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
  };
  for (const [parameter, value] of Object.entries(invalid)) {
    const text = `using 'main.bicep'\n\nparam acsDataLocation = 'Europe'\nparam ${parameter} = ${value}\n`;
    await infra.write(`${parameter}.bicepparam`, text);
  }

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/signedInCallers : role Key Vault Secrets User .* is missing/);
  expect(output).toMatch(/parameter storageSku is never set: set it in a file of infra\/variants/);
  for (const parameter of Object.keys(invalid)) {
    expect(output).toMatch(new RegExp(`${parameter}\\.bicepparam : .* is not valid: ${parameter} `));
  }
  expect(exitCode).toBe(1);
});
