import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A copy of infra/ that a test can change. */
export interface InfraCopy {
  folder: string;
  /** Replaces a text wherever it stands; throws when the file does not have it. */
  edit(file: string, text: string, replacement: string): Promise<void>;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Copies infra/ with only the given variants' parameters files. */
export async function copyInfra(variants: string[] = []): Promise<InfraCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'infra-test-'));
  await cp('infra', folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.bicepparam') || variants.includes(basename(path, '.bicepparam')),
  });
  return {
    folder,
    async edit(file, text, replacement) {
      const before = await readFile(join(folder, file), 'utf8');
      if (!before.includes(text)) throw new Error(`${file} has no ${text}`);
      await writeFile(
        join(folder, file),
        before.replaceAll(text, () => replacement),
      );
    },
    write: (file, text) => writeFile(join(folder, file), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
