import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What Core Tools leave out by themselves, by name, at any depth. */
const ignoredFolders = new Set(['.git', '.vscode']);
const ignoredFiles = new Set(['.funcignore', '.gitignore', 'local.settings.json', 'project.lock.json']);

/** Every file below a folder that Core Tools consider, relative to it and with slashes; links are not followed. */
export async function localFiles(folder: string, below = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const name = entry.name.toLowerCase();
    if (entry.isDirectory()) {
      if (!ignoredFolders.has(name)) found.push(...(await localFiles(folder, path)));
    } else if (!ignoredFiles.has(name)) {
      found.push(path);
    }
  }
  return found;
}
