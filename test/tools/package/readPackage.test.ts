import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { packagePaths, readPackage } from '../../../tools/package/readPackage.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test("packages host.json, openapi.json, package.json, the file that 'main' names and the telemetry beside it", () => {
  expect(packagePaths('{"main":"./dist/main.cjs"}')).toEqual([
    'dist/main.cjs',
    'dist/telemetry.cjs',
    'host.json',
    'openapi.json',
    'package.json',
  ]);
});

test.each(['', '{"main":7}', '[]'])('rejects a package.json without main: %j', (manifest) => {
  expect(() => packagePaths(manifest)).toThrow("package.json must have a 'main'");
});

test('names every missing file', async () => {
  await expect(readPackage(folder)).rejects.toThrow('package.json is missing');
  await writeFile(join(folder, 'package.json'), '{"main":"dist/main.cjs"}');
  await expect(readPackage(folder)).rejects.toThrow(
    'Missing: dist/main.cjs, dist/telemetry.cjs, host.json, openapi.json. Run npm run build',
  );
});
