import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Puts a command that runs a CommonJS script into the folder, and answers a PATH on which it comes first. */
export async function installCommand(folder: string, name: string, source: string): Promise<string> {
  const script = join(folder, `${name}.cjs`);
  await writeFile(script, source);
  await writeFile(join(folder, `${name}.cmd`), `@"${process.execPath}" "${script}" %*\r\n`);
  await writeFile(join(folder, name), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  await chmod(join(folder, name), 0o755);
  return `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
}
