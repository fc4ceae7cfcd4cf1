import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { readJsonFile } from './jsonFile.ts';
import { StartError } from './startError.ts';

const packageJsonSchema = z.object({ main: z.string().optional() });

/** Loads the file that `main` in package.json names, and nothing else, as Azure's Node worker does. */
export async function loadApp(app: string): Promise<void> {
  const packageJson = await readJsonFile(join(app, 'package.json'), packageJsonSchema);
  if (packageJson?.main === undefined) {
    throw new StartError(
      `package.json in ${app} has no "main". Set it to the file that registers the functions.`,
    );
  }
  const file = resolve(app, packageJson.main);
  if (!existsSync(file)) throw new StartError(`${file} does not exist. Run npm run build.`);
  try {
    createRequire(file)(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`Could not load ${file}: ${reason}`, { cause: error });
  }
}
