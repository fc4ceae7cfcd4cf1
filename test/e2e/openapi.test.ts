import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from './command.ts';

test('openapi.json is as the contract in shared/http says', async () => {
  const command = runCommand('tools/openapi.ts', ['--check']);

  const exitCode = await command.ended;

  expect(command.output()).toBe('');
  expect(exitCode).toBe(0);
});

test('--check exits with 1 when a file is not up to date, and says which command writes it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openapi-test-'));
  const command = runCommand('tools/openapi.ts', ['--check'], {}, folder);

  const exitCode = await command.ended;
  await rm(folder, { recursive: true });

  expect(exitCode).toBe(1);
  expect(command.output()).toContain('openapi.json, test/api/openapi.d.ts. Run npm run openapi');
});
