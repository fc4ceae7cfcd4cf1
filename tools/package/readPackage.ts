import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { coreToolsFilter } from './coreToolsFilter.ts';
import { localFiles } from './localFiles.ts';
import { packageFaults } from './packageFaults.ts';

const manifestSchema = z.object({ main: z.string() });

/**
 * What `func azure functionapp publish` uploads from a folder, by path.
 * Rejects when something is missing from it or does not belong there.
 */
export async function readPackage(folder: string): Promise<Map<string, Uint8Array>> {
  const funcignore = await readText(folder, '.funcignore');
  const main = readMain(await readText(folder, 'package.json'));
  const paths = (await localFiles(folder)).filter(coreToolsFilter(funcignore)).sort();

  const faults = packageFaults(paths, funcignore, main);
  for (const path of paths) {
    if (!(await lstat(join(folder, path))).isFile()) faults.push(`${path} is not an ordinary file`);
  }
  if (faults.length > 0) throw new CommandError(faults.join('\n'));

  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await readFile(join(folder, path)));
  return files;
}

async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
    throw new CommandError(
      `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  });
}

function readMain(manifest: string): string {
  try {
    return manifestSchema.parse(JSON.parse(manifest)).main;
  } catch {
    throw new CommandError("package.json has no 'main', the file that the Functions host loads");
  }
}
