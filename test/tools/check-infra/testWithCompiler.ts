import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';

/** Needs the Bicep compiler, or dotnet to fetch it with. A developer's machine may have neither; CI must. */
export const testWithCompiler =
  Boolean(process.env['CI']) || isInstalled('bicep') || isInstalled('dotnet') ? test : test.skip;

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
