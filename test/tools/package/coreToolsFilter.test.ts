import { expect, test } from '@jest/globals';
import ignore from 'ignore';
import { coreToolsFilter } from '../../../tools/package/coreToolsFilter.ts';

const accepts = (funcignore: string, path: string) => coreToolsFilter(funcignore)(path);
const gitAccepts = (gitignore: string, path: string) => !ignore().add(gitignore).ignores(path);

test.each([
  ['test', 'test/index.js'],
  ['/test', 'test/index.js'],
  ['*.md', 'README.md'],
  ['docs/*.md', 'docs/api.md'],
  ['a/**', 'a/b/c'],
  ['.*', '.env'],
  ['*\r', 'host.json'],
])('%j denies %s, as in a .gitignore', (pattern, path) => {
  expect(accepts(pattern, path)).toBe(false);
  expect(gitAccepts(pattern, path)).toBe(false);
});

test.each([
  ['# test', 'test'],
  ['\n  \n', 'test'],
  ['testing', 'test'],
  ['*\n!host.json', 'host.json'],
])('%j accepts %s, as in a .gitignore', (funcignore, path) => {
  expect(accepts(funcignore, path)).toBe(true);
  expect(gitAccepts(funcignore, path)).toBe(true);
});

test.each([
  ['starts every pattern at the root', '*.ts', 'functions/main.ts', true],
  ['starts a name at the root', 'node_modules', 'infra/node_modules/zod/index.js', true],
  ['takes a prefix for the name, up to the border of a word', 'test', 'test-results.xml', false],
  ['lets an exception win wherever it stands', '!host.json\n*', 'host.json', true],
  ['lets an exception bring back what is in an ignored folder', '*\n!dist/main.cjs', 'dist/main.cjs', true],
  ['lets an exception for a file bring back its neighbours', '*\n!host.json', 'host.json.bak', true],
  ['takes brackets for brackets', '[d]ist', 'dist/main.cjs', true],
  ['takes a question mark for a question mark', 'dis?', 'dist/main.cjs', true],
  ['sees no border in a name without ASCII letters or digits', '*', '密钥', true],
])('%s, unlike a .gitignore', (_, funcignore, path, accepted) => {
  expect(accepts(funcignore, path)).toBe(accepted);
  expect(gitAccepts(funcignore, path)).toBe(!accepted);
});
