import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';

const manifestSchema = z.object({ main: z.string() });

/** The paths of the files that are deployed, given the text of package.json. `main` loads the other bundle beside it. */
export function packagePaths(manifest: string): string[] {
  try {
    const { main } = manifestSchema.parse(JSON.parse(manifest));
    const telemetry = posix.join(main, '../telemetry.cjs');
    return ['host.json', 'openapi.json', 'package.json', posix.normalize(main), telemetry].sort();
  } catch {
    throw new CommandError("package.json must have a 'main': the file that the Functions host loads.");
  }
}

/** The deployed files of a folder, by path. Rejects with every file that is missing. */
export async function readPackage(folder: string): Promise<Map<string, Uint8Array>> {
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => {
    throw new CommandError('package.json is missing. Run this in the root folder of the project.');
  });
  const files = new Map<string, Uint8Array>();
  const missing: string[] = [];
  for (const path of packagePaths(manifest)) {
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined) missing.push(path);
    else files.set(path, bytes);
  }
  if (missing.length > 0) throw new CommandError(`Missing: ${missing.join(', ')}. Run npm run build first.`);
  return files;
}
