import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readCommandLine, runCommand } from './commandLine.ts';
import { readPackage } from './package/readPackage.ts';
import { zipPackage } from './package/zipPackage.ts';

const usage = `The zip that func azure functionapp publish uploads from this folder, after a check of what is in it.

npm run package -- [--list] [--out FILE]

  --list      only say what is in it
  --out FILE  default token-service.zip
  --help      this text

The same source gives the same bytes. Exit code 1: something is missing from the package, or does not belong there.
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
