import { posix } from 'node:path';

/** What no package may hold, even if `.funcignore` names it. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)node_modules\//i, 'dependencies are in the bundle'],
  [/\.[cm]?tsx?$/i, 'TypeScript is in the bundle'],
  [/(^|\/)tests?\/|\.(test|spec)\./i, 'a test'],
  [/(^|\/)(local\.settings|\.env)/i, 'local settings'],
  [/\.(pem|key|pfx|p12|publishsettings)$/i, 'a key'],
];

/**
 * Why a package must not be deployed, in words; empty when nothing speaks against it. Core Tools take more than
 * `.funcignore` names, such as `host.json.bak` for `host.json`, so each path has to be one that it names in full.
 */
export function packageFaults(paths: readonly string[], funcignore: string, main: string): string[] {
  const required = ['host.json', 'package.json', posix.normalize(main)];
  const missing = required
    .filter((path) => !paths.includes(path))
    .map((path) => `${path} is missing from the package`);
  const named = new Set(funcignore.split('\n').map((line) => /^!\/?(.*)$/.exec(line.trim())?.[1] ?? ''));
  const unexpected = paths.flatMap((path) => {
    const why = forbidden.find(([pattern]) => pattern.test(path))?.[1];
    if (why !== undefined) return [`${path} must not be in the package: ${why}`];
    return named.has(path)
      ? []
      : [`${path} would be uploaded although .funcignore does not name it; delete it`];
  });
  return [...missing, ...unexpected];
}
