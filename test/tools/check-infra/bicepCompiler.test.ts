import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommand } from '../../e2e/command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('names what to install when neither bicep nor dotnet is on the PATH', async () => {
  const filter = (path: string) => basename(path) !== '.cache';
  for (const part of ['infra', 'tools', 'shared'])
    await cp(part, join(folder, part), { recursive: true, filter });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  await mkdir(join(folder, 'bin'));

  const check = runCommand(join(folder, 'tools/check-infra.ts'), [], { PATH: join(folder, 'bin') }, folder);

  expect(await check.ended).toBe(1);
  expect(check.output()).toMatch(
    /bicep is not on the PATH, and dotnet, .* is not on the PATH\.\nInstall the Bicep CLI .* or the \.NET SDK/,
  );
});
