import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { findBicepCompiler } from './check-infra/bicepCompiler.ts';
import { checkInfra } from './check-infra/checkInfra.ts';

const usage = `Checks the Bicep templates and the queries without an Azure account: compiles, lints and format-checks every
file, expands every parameters file, and checks what it would deploy.

npm run check:infra -- [--folder PATH]

  --folder PATH  the folder with main.bicep (default: infra)
  --help         show this help

Uses the Bicep CLI on the PATH, or downloads it from NuGet with \`dotnet restore\`.
Exit code 1: there are findings.
`;

const { folder } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: join(import.meta.dirname, '../infra') },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
});

await runCommand(async () => {
  const report = (step: string) => {
    console.log(`${step} …`);
  };
  const bicep = await findBicepCompiler(report);
  console.log(bicep.source);
  const { findings, notes, checked } = await checkInfra(bicep, folder, report);
  if (notes.length > 0) console.log('For information:');
  for (const note of notes) console.log(`  ${note}`);
  for (const finding of findings) console.log(`  ${finding}`);
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  if (findings.length > 0) throw new CommandError(`${count} in ${checked}.`);
  console.log(`No findings in ${checked}.`);
});
