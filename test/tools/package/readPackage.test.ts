import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readPackage } from '../../../tools/package/readPackage.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-test-'));
  await cp('.funcignore', join(folder, '.funcignore'));
  await seed('host.json', '{"version":"2.0"}');
  await seed('package.json', '{"main":"dist/main.cjs"}');
  await seed('dist/main.cjs');
});
afterEach(() => rm(folder, { recursive: true }));

async function seed(path: string, text = 'secret'): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

test('takes the app and leaves everything else in a folder that has seen work', async () => {
  const left = [
    '.azure/production/.env',
    '.env',
    '.git/config',
    '.vscode/settings.json',
    'acs.pem',
    'coverage/lcov.info',
    'dist/old.zip',
    'functions/main.ts',
    'info.json',
    'local.settings.json',
    'node_modules/zod/package.json',
    'test/e2e/package.test.ts',
    'token-service.zip',
    '密钥/prod.pem',
  ];
  for (const path of left) await seed(path);

  const files = await readPackage(folder);

  expect([...files.keys()]).toEqual(['dist/main.cjs', 'host.json', 'package.json']);
});

test.each(['host.json.bak', 'package.json~', 'dist/main.cjs.map', '密钥', 'host.json/notes'])(
  'refuses while %s is there, which Core Tools would take along',
  async (path) => {
    if (path.startsWith('host.json/')) await rm(join(folder, 'host.json'));
    await seed(path);

    await expect(readPackage(folder)).rejects.toThrow(`${path} would be uploaded`);
  },
);

test('refuses before the build', async () => {
  await rm(join(folder, 'dist'), { recursive: true });

  await expect(readPackage(folder)).rejects.toThrow('dist/main.cjs is missing from the package');
});

test.each(['.funcignore', 'package.json'])('refuses without %s', async (name) => {
  await rm(join(folder, name));

  await expect(readPackage(folder)).rejects.toThrow(`${name} cannot be read`);
});

test.each(['', '{', '{"main":7}', '[]'])('refuses a package.json that reads %j', async (text) => {
  await seed('package.json', text);

  await expect(readPackage(folder)).rejects.toThrow("package.json has no 'main'");
});

test('refuses a link, wherever it leads', async () => {
  await rm(join(folder, 'dist/main.cjs'));
  await mkdir(join(folder, 'elsewhere'));
  // A junction, because any other link needs a privilege on Windows.
  await symlink(join(folder, 'elsewhere'), join(folder, 'dist/main.cjs'), 'junction');

  await expect(readPackage(folder)).rejects.toThrow('dist/main.cjs is not an ordinary file');
});
