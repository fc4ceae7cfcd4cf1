import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findBicepCompiler } from '../../../tools/check-infra/bicepCompiler.ts';

test('names what to install when neither bicep nor dotnet is on the PATH', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'infra-test-'));
  try {
    const search = { packages: empty, env: { PATH: empty } };

    await expect(findBicepCompiler(() => undefined, search)).rejects.toThrow(
      /bicep is not on the PATH, and dotnet, .* is not on the PATH\.\nInstall the Bicep CLI .* or the \.NET SDK/,
    );
  } finally {
    await rm(empty, { recursive: true });
  }
});
