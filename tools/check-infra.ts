import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { findBicepCompiler } from './check-infra/bicepCompiler.ts';
import { checkInfra } from './check-infra/checkInfra.ts';

const usage = `Checks the Azure side without Azure: compiles, lints and format-checks every Bicep file, expands every
parameters file, and reads what it would deploy.

npm run check:infra -- [--folder PATH]

  --folder PATH  the folder of main.bicep; default infra
  --help         this text

The Bicep compiler comes from the PATH, or else from NuGet through \`dotnet restore\`.
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
  const tell = (step: string) => {
    console.log(`${step} …`);
  };
  const bicep = await findBicepCompiler(tell);
  console.log(bicep.source);
  const { findings, checked } = await checkInfra(bicep, folder, tell);
  for (const finding of findings) console.log(`  ${finding}`);
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  if (findings.length > 0) throw new CommandError(`${count} in ${checked}.`);
  console.log(`No findings in ${checked}.`);
});
