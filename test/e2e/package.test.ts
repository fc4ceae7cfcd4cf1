import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { startLocalService } from '../../local/localService.ts';
import { runCommand } from './command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const packageApp = (args: string[], env?: Record<string, string>) =>
  runCommand('tools/package.ts', args, env);

/** The app, packaged and unpacked again where there is nothing else. */
async function unpack(): Promise<string> {
  const zip = join(folder, 'app.zip');
  expect(await packageApp(['--out', zip]).ended).toBe(0);
  const app = join(folder, 'app');
  for (const [path, bytes] of Object.entries(unzipSync(await readFile(zip)))) {
    await mkdir(dirname(join(app, path)), { recursive: true });
    await writeFile(join(app, path), bytes);
  }
  return app;
}

test('serves a token from the unpacked zip, in a folder with nothing else', async () => {
  const app = await unpack();
  const service = await startLocalService({ app, port: 0 });
  try {
    const response = await fetch(`${service.url}/api/users?scope=chat`, { method: 'POST' });

    expect(response.status).toBe(201);
    const { token } = (await response.json()) as { token: string };
    expect(await service.azure.acs.isTokenValid(token)).toBe(true);
    expect(
      (await readdir(app, { recursive: true })).map((path) => path.replaceAll('\\', '/')).sort(),
    ).toEqual(['dist', 'dist/main.cjs', 'host.json', 'package.json']);
  } finally {
    await service.stop();
  }
});

test('makes the same bytes in every time zone, well under 1 MB', async () => {
  const zips = ['one.zip', 'other.zip'].map((name) => join(folder, name));
  const [one = '', other = ''] = zips;

  expect(await packageApp(['--out', one], { TZ: 'UTC' }).ended).toBe(0);
  expect(await packageApp(['--out', other], { TZ: 'Asia/Tokyo' }).ended).toBe(0);

  expect((await readFile(one)).equals(await readFile(other))).toBe(true);
  expect((await stat(one)).size).toBeLessThan(1_000_000);
});

test('says what is in the package, and where the zip went', async () => {
  const zip = join(folder, 'app.zip');
  const command = packageApp(['--out', zip]);

  expect(await command.ended).toBe(0);
  const lines = command.output().trim().split('\n');
  expect(lines.map((line) => line.replace(/^ *\d+ {2}/, ''))).toEqual([
    'dist/main.cjs',
    'host.json',
    'package.json',
    zip,
  ]);
});

test('writes nothing with --list', async () => {
  const command = packageApp(['--list', '--out', join(folder, 'app.zip')]);

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('dist/main.cjs');
  expect(await readdir(folder)).toEqual([]);
});

test('refuses an incomplete folder with exit code 1, and writes nothing', async () => {
  await writeFile(join(folder, '.funcignore'), await readFile('.funcignore'));
  await writeFile(join(folder, 'package.json'), '{"main":"dist/main.cjs"}');
  const command = runCommand('tools/package.ts', [], {}, folder);

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('host.json is missing from the package');
  expect(command.output()).toContain('dist/main.cjs is missing from the package');
  expect((await readdir(folder)).sort()).toEqual(['.funcignore', 'package.json']);
});

test('explains itself with --help', async () => {
  const command = packageApp(['--help']);

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('--out FILE');
});

test.each([['--lst'], ['app.zip']])('refuses %s with exit code 2', async (...args) => {
  const command = packageApp(args);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('See --help.');
});
