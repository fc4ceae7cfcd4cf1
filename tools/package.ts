import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readCommandLine, runCommand } from './commandLine.ts';
import { readPackage } from './package/readPackage.ts';
import { zipPackage } from './package/zipPackage.ts';

const usage = `Builds the app and writes the zip to deploy: the bundles, openapi.json, host.json and package.json.

npm run package -- [--list] [--out FILE]

  --list      list the files and write no zip
  --out FILE  the zip to write (default: token-service.zip)
  --help      show this help

The same source gives the same bytes. Exit code 1: a file is missing.
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      out: { type: 'string', default: 'token-service.zip' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
});

await runCommand(async () => {
  const files = await readPackage('.');
  for (const [path, { length }] of files) console.log(line(length, path));
  const zip = zipPackage(files);
  if (!options.list) await writeFile(options.out, zip);
  console.log(line(zip.length, options.list ? 'zipped' : options.out));
});

function line(bytes: number, name: string): string {
  return `${String(bytes).padStart(9)}  ${name}`;
}
