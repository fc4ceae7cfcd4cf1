/**
 * Which paths Core Tools upload under a `.funcignore`. Unlike in a .gitignore, every pattern starts at the root and
 * matches a prefix that ends at a word boundary, an exception wins wherever it is, and brackets are plain characters.
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
