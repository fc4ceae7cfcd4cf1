import { zipSync, type Zippable } from 'fflate';

/** Earliest time a zip can tell, in local time as zips are: the same bytes on every day and in every time zone. */
const timestamp = new Date(1980, 0, 1);

/** Unix, and an ordinary file that everyone may read. */
const attributes = { os: 3, attrs: 0o100644 << 16, mtime: timestamp };

/** A zip whose bytes depend on names and contents alone. */
export function zipPackage(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries: Zippable = {};
  for (const path of [...files.keys()].sort()) {
    entries[path] = [files.get(path) ?? new Uint8Array(), attributes];
  }
  return zipSync(entries, { level: 9 });
}
