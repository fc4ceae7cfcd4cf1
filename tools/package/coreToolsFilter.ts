/**
 * Which paths Core Tools accept under a `.funcignore`: relative to its folder, with slashes.
 *
 * It looks like a .gitignore and is read differently. Every pattern starts at the root; it matches a prefix that ends
 * at the border of an ASCII word; an exception wins wherever it stands; `?` and brackets are plain characters.
 * https://github.com/Azure/azure-functions-core-tools/blob/main/src/Cli/func/Common/GitIgnoreParser.cs
 */
export function coreToolsFilter(funcignore: string): (path: string) => boolean {
  const lines = funcignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const exceptions = lines.filter((line) => line.startsWith('!')).map((line) => toPattern(line.slice(1)));
  const rules = lines.filter((line) => !line.startsWith('!')).map(toPattern);
  return (path) =>
    exceptions.some((pattern) => pattern.test(path)) || !rules.some((pattern) => pattern.test(path));
}

function toPattern(line: string): RegExp {
  const source = line
    .replace(/^\//, '')
    .replace(/[-[\]/{}()+?.\\^$|]/g, '\\$&')
    .replaceAll('**', '[^\\n]+')
    .replaceAll('*', '[^/]+');
  return new RegExp(`^(?:${source})\\b`);
}
