import { expect, test } from '@jest/globals';
import { packageFaults } from '../../../tools/package/packageFaults.ts';

const complete = ['dist/main.cjs', 'host.json', 'package.json'];
const faults = (paths: string[], main = 'dist/main.cjs', also: string[] = []) =>
  packageFaults(paths, ['*', ...[...complete, ...also].map((path) => `!/${path}`)].join('\r\n'), main);

test.each(['dist/main.cjs', './dist/main.cjs'])(
  'finds nothing wrong with the three files, main being %s',
  (main) => {
    expect(faults(complete, main)).toEqual([]);
  },
);

test.each(complete)('misses %s', (path) => {
  expect(faults(complete.filter((other) => other !== path))).toEqual([`${path} is missing from the package`]);
});

test("misses the file that 'main' names when it is another one", () => {
  expect(faults(complete, 'dist/app.cjs')).toEqual(['dist/app.cjs is missing from the package']);
});

test.each(['host.json.bak', 'dist/main.cjs.map', '密钥'])('refuses %s, which no line names', (path) => {
  expect(faults([...complete, path])).toEqual([
    `${path} would be uploaded although .funcignore does not name it; delete it`,
  ]);
});

test.each([
  ['node_modules/zod/index.js', 'dependencies'],
  ['shared/config.ts', 'TypeScript'],
  ['dist/main.d.cts', 'TypeScript'],
  ['test/results.json', 'a test'],
  ['dist/main.test.cjs', 'a test'],
  ['dist/local.settings.json', 'local settings'],
  ['.env.production', 'local settings'],
  ['certs/server.KEY', 'a key'],
  ['acs.pem', 'a key'],
])('refuses %s even when a line names it', (path, why) => {
  const [fault, ...others] = faults([...complete, path], undefined, [path]);

  expect(fault).toContain(`${path} must not be in the package: ${why}`);
  expect(others).toEqual([]);
});
