import { zipSync, type Zippable } from 'fflate';

/** The earliest time a zip can hold. Zips store local time, so this gives the same bytes in every time zone. */
const timestamp = new Date(1980, 0, 1);

/** A regular Unix file that everyone may read. */
const attributes = { os: 3, attrs: 0o100644 << 16, mtime: timestamp };

/** A zip whose bytes depend only on the paths and contents of its files. */
export function zipPackage(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries: Zippable = {};
  for (const [path, bytes] of files) entries[path] = [bytes, attributes];
  return zipSync(entries, { level: 9 });
}
