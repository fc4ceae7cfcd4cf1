import { glob } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { readJsonFile } from './jsonFile.ts';
import { StartError } from './startError.ts';

const packageJsonSchema = z.object({ main: z.string().optional(), type: z.string().optional() });

/** Loads the files that `main` in package.json names, and nothing else, as the Node worker does. */
export async function loadApp(app: string): Promise<void> {
  const packageJson = await readJsonFile(join(app, 'package.json'), packageJsonSchema);
  if (packageJson?.main === undefined) {
    throw new StartError(
      `package.json in ${app} has no "main": it must name the file that registers the functions.`,
    );
  }
  const files: string[] = [];
  for await (const file of glob(packageJson.main, { cwd: app })) files.push(file);
  if (files.length === 0) {
    throw new StartError(
      `No file in ${app} matches "main" of package.json, "${packageJson.main}": run npm run build.`,
    );
  }
  for (const file of files.sort()) await loadFile(resolve(app, file), packageJson.type === 'module');
}

async function loadFile(file: string, packageIsModule: boolean): Promise<void> {
  const isModule = file.endsWith('.mjs') || (packageIsModule && !file.endsWith('.cjs'));
  try {
    if (isModule) await import(pathToFileURL(file).href);
    else createRequire(file)(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`The app could not be loaded from ${file}: ${reason}`, { cause: error });
  }
}
