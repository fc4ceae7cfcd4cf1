import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ignore from 'ignore';
import { coreToolsFilter } from '../../../tools/package/coreToolsFilter.ts';
import { localFiles } from '../../../tools/package/localFiles.ts';

const funcignore = readFileSync('.funcignore', 'utf8');
const coreToolsAccept = coreToolsFilter(funcignore);
const gitAccepts = (path: string) => !ignore().add(funcignore).ignores(path);

const named = ['dist/main.cjs', 'host.json', 'package.json'];

test('names the same three files to Core Tools and to readers of a .gitignore, in this very folder', async () => {
  const paths = await localFiles('.');

  // What an earlier build or an editor left beside them is the business of packageFaults.
  const others = paths.filter((path) => !named.some((name) => path.startsWith(`${name}.`)));
  expect(others.filter(coreToolsAccept).sort()).toEqual(named);
  expect(others.filter(gitAccepts).sort()).toEqual(named);
});

test.each([
  '.azure/production/.env',
  '.cache/packages/bicep',
  '.env',
  '.env.local',
  '.git-credentials',
  '.github/workflows/ci.yml',
  '.npmrc',
  'acs.pem',
  'certs/server.key',
  'coverage/lcov.info',
  'dist/local.settings.production.json',
  'dist/test/main.test.js',
  'dump.sql',
  'functions/main.ts',
  'info.json',
  'infra/main.parameters.json',
  'local.settings.json.example',
  'node_modules/.bin/az',
  'node_modules/zod/index.js',
  'package-lock.json',
  'sub/host.json',
  'sub/package.json',
  'token-service.zip',
  'x',
  '密钥/prod.pem',
])('keeps %s out in both readings', (path) => {
  expect(coreToolsAccept(path)).toBe(false);
  expect(gitAccepts(path)).toBe(false);
});

test('keeps any other path out in both readings', () => {
  const segment = fc
    .oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('dist', 'node_modules', 'host.json', 'main.cjs', '.env'),
    )
    .filter((text) => /[A-Za-z0-9_]/.test(text) && !/[\\/\n]/.test(text));
  const path = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join('/'))
    // The two folders that the file has to let readers of a .gitignore look into.
    .filter((text) => text !== 'dist' && text !== 'node_modules')
    .filter((text) => ignore.isPathValid(text) && !named.some((name) => text.startsWith(name)));

  fc.assert(
    fc.property(path, (text) => {
      expect([coreToolsAccept(text), gitAccepts(text)]).toEqual([false, false]);
    }),
    { numRuns: 1000 },
  );
});

test('does not name node_modules itself, which would make azd build on the server', () => {
  expect(ignore().add(funcignore).ignores('node_modules/')).toBe(false);
});
