import { afterEach, expect, jest } from '@jest/globals';
import { runCommand } from '../../e2e/command.ts';
import { copyInfra, type InfraCopy } from './copyInfra.ts';
import { testWithCompiler } from './testWithCompiler.ts';

// Each runs the compiler several times.
jest.setTimeout(180_000);

let infra: InfraCopy | undefined;
afterEach(() => infra?.remove());

async function checkInfra(...args: string[]): Promise<{ output: string; exitCode: number | null }> {
  const check = runCommand('tools/check-infra.ts', args);
  const exitCode = await check.ended;
  return { output: check.output(), exitCode };
}

async function checkWithMistake(
  file: string,
  original: string,
  replacement: string,
): Promise<{ output: string; exitCode: number | null }> {
  infra = await copyInfra(['signedInCallers']);
  await infra.edit(file, original, replacement);
  return checkInfra('--folder', infra.folder);
}

testWithCompiler('exits with 2 when --folder has no value', async () => {
  const { output, exitCode } = await checkInfra('--folder');

  expect(output).toMatch(/--folder.*See --help\.\n$/);
  expect(exitCode).toBe(2);
});

testWithCompiler(
  'has no findings in the unchanged templates, even when their API versions are old',
  async () => {
    // Together these two set every parameter.
    infra = await copyInfra(['everything', 'secondaryKey']);
    const laterToday = '"use-recent-api-versions": { "test-today": "2036-01-01", "level"';
    await infra.edit('bicepconfig.json', '"use-recent-api-versions": { "level"', laterToday);

    const { output, exitCode } = await checkInfra('--folder', infra.folder);

    expect(output).toMatch(/No findings in \d+ files, 2 deployments, 8 queries\.\n$/);
    expect(exitCode).toBe(0);
  },
);

testWithCompiler.each([
  {
    mistake: 'an output that leaks a key',
    file: 'modules/communication.bicep',
    original: "@description('URL of the communication service.')",
    replacement:
      "@description('Leaked.')\noutput connection string = communication.listKeys().primaryConnectionString\n\n" +
      "@description('URL of the communication service.')",
    finding: /modules\/communication\.bicep.*outputs-should-not-contain-secrets.*listKeys/,
  },
  {
    mistake: 'a wrong role id',
    file: 'modules/vault.bicep',
    original: '4633458b-17de-408a-b874-0445c86b69e6',
    replacement: '00482a5a-887f-4fb3-b363-3b7fe8e74483',
    finding:
      /signedInCallers : role Key Vault Secrets User \(4633458b-.*\) on Microsoft\.KeyVault\/vaults\/secrets is missing\n.*role 00482a5a-\S+ on Microsoft\.KeyVault\/vaults\/secrets is not needed/,
  },
  {
    mistake: 'a misspelt property, for which the compiler only warns',
    file: 'modules/functionApp.bicep',
    original: 'httpsOnly: true',
    replacement: 'httpOnly: true',
    finding: /modules\/functionApp\.bicep\(\d+,\d+\) : Warning BCP\d+.*httpOnly/,
  },
  {
    mistake: 'an unformatted file',
    file: 'modules/identity.bicep',
    original: '  location: location',
    replacement: '  location:   location',
    finding: /modules\/identity\.bicep : is not formatted/,
  },
  {
    mistake: 'a query on an unknown column',
    file: 'queries/failedRequests.kql',
    original: 'Status >= 500',
    replacement: 'StatusCode >= 500',
    finding: /queries\/failedRequests\.kql : The name 'StatusCode' does not refer to any known column/,
  },
])('reports $mistake and exits with 1', async ({ file, original, replacement, finding }) => {
  const { output, exitCode } = await checkWithMistake(file, original, replacement);

  expect(output).toMatch(finding);
  expect(output).toMatch(/\d+ findings? in /);
  expect(exitCode).toBe(1);
});

testWithCompiler('shows the source line when the compiler does not name the parameter', async () => {
  infra = await copyInfra();
  const line = 'param maximumInstanceCount = 39';
  await infra.write('main.bicepparam', `using 'main.bicep'\n\nparam acsDataLocation = 'Europe'\n${line}\n`);

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  expect(output).toMatch(/main\.bicepparam\(4,\d+\) : Error BCP/);
  expect(output).toContain(`\n    ${line}\n`);
  expect(exitCode).toBe(1);
});

testWithCompiler('names each parameter that only an expanded deployment rejects', async () => {
  const invalid = {
    namePrefix: "'A-b'",
    secretName: "'not_allowed'",
    tokenDefaultScopes: "['chat.join']",
    tokenDefaultExpiryMinutes: '120\nparam tokenMaxExpiryMinutes = 60',
    oidcIssuer: "'http://id.example.com'\nparam callerAuth = 'oidc'",
    oidcAudience: "''\nparam oidcIssuer = 'https://id.example.com'\nparam callerAuth = 'oidc'",
    corsOrigins: "['*']",
    alertEmails: "['a@example.com', 'a@example.com']",
    networkAddressPrefix: "'10.0.0.0/28'\nparam privateNetworking = true",
  };
  infra = await copyInfra();
  for (const [parameter, value] of Object.entries(invalid)) {
    const text = `using 'main.bicep'\n\nparam acsDataLocation = 'Europe'\nparam ${parameter} = ${value}\n`;
    await infra.write(`${parameter}.bicepparam`, text);
  }

  const { output, exitCode } = await checkInfra('--folder', infra.folder);

  for (const parameter of Object.keys(invalid)) {
    expect(output).toMatch(new RegExp(`${parameter}\\.bicepparam : .* is not valid: ${parameter} `));
  }
  expect(exitCode).toBe(1);
});
