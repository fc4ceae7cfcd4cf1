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

/** Packages the app and unpacks it into an empty folder. */
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

test('issues a token and serves its contract from the unpacked zip alone', async () => {
  const app = await unpack();
  const service = await startLocalService({ app, port: 0 });
  try {
    const response = await fetch(`${service.url}/api/users?scope=chat`, { method: 'POST' });

    expect(response.status).toBe(201);
    const { token } = (await response.json()) as { token: string };
    expect(await service.azure.acs.isTokenValid(token)).toBe(true);
    const contract = await fetch(`${service.url}/api/openapi.json`);
    expect(await contract.json()).toEqual(JSON.parse(await readFile('openapi.json', 'utf8')));
    expect(
      (await readdir(app, { recursive: true })).map((path) => path.replaceAll('\\', '/')).sort(),
    ).toEqual(['dist', 'dist/main.cjs', 'dist/telemetry.cjs', 'host.json', 'openapi.json', 'package.json']);
  } finally {
    await service.stop();
  }
});

test('writes the same bytes in every time zone, under 1 MB', async () => {
  const zips = ['one.zip', 'other.zip'].map((name) => join(folder, name));
  const [one = '', other = ''] = zips;

  expect(await packageApp(['--out', one], { TZ: 'UTC' }).ended).toBe(0);
  expect(await packageApp(['--out', other], { TZ: 'Asia/Tokyo' }).ended).toBe(0);

  expect((await readFile(one)).equals(await readFile(other))).toBe(true);
  expect((await stat(one)).size).toBeLessThan(1_000_000);
});

test('lists the files and the zip', async () => {
  const zip = join(folder, 'app.zip');
  const command = packageApp(['--out', zip]);

  expect(await command.ended).toBe(0);
  const lines = command.output().trim().split('\n');
  expect(lines.map((line) => line.replace(/^ *\d+ {2}/, ''))).toEqual([
    'dist/main.cjs',
    'dist/telemetry.cjs',
    'host.json',
    'openapi.json',
    'package.json',
    zip,
  ]);
});

test('writes no zip with --list', async () => {
  const command = packageApp(['--list', '--out', join(folder, 'app.zip')]);

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('dist/main.cjs');
  expect(await readdir(folder)).toEqual([]);
});

test('exits with 1 when files are missing, and writes no zip', async () => {
  await writeFile(join(folder, 'package.json'), '{"main":"dist/main.cjs"}');
  const command = runCommand('tools/package.ts', [], {}, folder);

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Missing: dist/main.cjs, dist/telemetry.cjs, host.json, openapi.json.');
  expect(await readdir(folder)).toEqual(['package.json']);
});

test('shows its options with --help', async () => {
  const command = packageApp(['--help']);

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('--out FILE');
});

test.each([['--lst'], ['app.zip']])('exits with 2 for %s', async (...args) => {
  const command = packageApp(args);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('See --help.');
});
