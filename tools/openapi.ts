import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { generatedFiles } from './openapi/generatedFiles.ts';

const usage = `Writes openapi.json, and the types of the client that the tests use, from the schemas in shared/http and the
operations in tools/openapi. Run it after a change of the contract, and commit the result.

npm run openapi -- [--check]

  --check  write nothing; exit with 1 when a file is not up to date
  --help   show this help
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
});

await runCommand(async () => {
  const files = await generatedFiles();
  if (options.check) return checkFiles(files);
  for (const [path, text] of files) {
    await writeFile(path, text);
    console.log(path);
  }
});

async function checkFiles(files: ReadonlyMap<string, string>): Promise<void> {
  const outdated: string[] = [];
  for (const [path, text] of files) {
    if ((await readFile(path, 'utf8').catch(() => '')) !== text) outdated.push(path);
  }
  if (outdated.length === 0) return;
  throw new CommandError(
    `Not as the contract in shared/http says: ${outdated.join(', ')}. Run npm run openapi, and commit the result.`,
  );
}
