import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';

/** Skips a test when neither bicep nor dotnet is installed. In CI it runs, and fails without them. */
export const testWithCompiler =
  Boolean(process.env['CI']) || isInstalled('bicep') || isInstalled('dotnet') ? test : test.skip;

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
