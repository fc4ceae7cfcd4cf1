import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LocalAzure } from '../../local/azure.ts';
import { type LocalService, startLocalService } from '../../local/service.ts';

let folder: string;
let service: LocalService | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'az-test-'));
});
afterEach(async () => {
  await service?.stop();
  await rm(folder, { recursive: true });
});

/** An `az` whose login is one that the emulated vault accepts; the credential runs it and reads what it prints. */
async function installAzureCli(): Promise<void> {
  const script = join(folder, 'az.cjs');
  await writeFile(
    script,
    `const { IDENTITY, IDENTITY_SECRET } = process.env;
     const resource = process.argv[process.argv.indexOf('--resource') + 1];
     const url = IDENTITY + '?api-version=2019-08-01&resource=' + encodeURIComponent(resource);
     fetch(url, { headers: { 'X-IDENTITY-HEADER': IDENTITY_SECRET } })
       .then((response) => response.json())
       .then(({ access_token, expires_on }) => {
         console.log(JSON.stringify({ accessToken: access_token, expires_on: Number(expires_on), tokenType: 'Bearer' }));
       });`,
  );
  await writeFile(join(folder, 'az.cmd'), `@"${process.execPath}" "${script}" %*\r\n`);
  await writeFile(join(folder, 'az'), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  await chmod(join(folder, 'az'), 0o755);
}

function asDeveloper({ identity }: LocalAzure): Record<string, string> {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = identity.env();
  return {
    IDENTITY_ENDPOINT: '',
    IDENTITY_HEADER: '',
    IDENTITY: IDENTITY_ENDPOINT,
    IDENTITY_SECRET: IDENTITY_HEADER,
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
  };
}

test("uses the developer's az login where there is no managed identity", async () => {
  await installAzureCli();
  service = await startLocalService({ app: '.', port: 0, settings: asDeveloper });

  const response = await fetch(`${service.url}/api/users`, { method: 'POST' });

  expect(response.status).toBe(201);
  expect(service.azure.vault.seen.count('getSecret')).toBe(1);
});

test('answers upstream_unavailable when the login does not work', async () => {
  const broken = (azure: LocalAzure) => ({ ...asDeveloper(azure), PATH: folder });
  const logs: string[] = [];
  service = await startLocalService({
    app: '.',
    port: 0,
    settings: broken,
    onLog: (line) => logs.push(line),
  });

  const response = await fetch(`${service.url}/api/users`, { method: 'POST' });

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'upstream_unavailable' });
  expect(logs.join('\n')).toContain('is az logged in?');
});
