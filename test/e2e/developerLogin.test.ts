import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { LocalAzure } from '../../local/localAzure.ts';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { installCommand } from './installCommand.ts';

let folder: string;
let service: LocalService | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'az-test-'));
});
afterEach(async () => {
  await service?.stop();
  await rm(folder, { recursive: true });
});

/** An `az` whose tokens the emulated vault accepts. The service's credential runs it and reads its output. */
const az = `
  const { IDENTITY, IDENTITY_SECRET } = process.env;
  const resource = process.argv[process.argv.indexOf('--resource') + 1];
  const url = IDENTITY + '?api-version=2019-08-01&resource=' + encodeURIComponent(resource);
  fetch(url, { headers: { 'X-IDENTITY-HEADER': IDENTITY_SECRET } })
    .then((response) => response.json())
    .then(({ access_token, expires_on }) => {
      console.log(JSON.stringify({ accessToken: access_token, expires_on: Number(expires_on), tokenType: 'Bearer' }));
    });`;

function asDeveloper({ identity }: LocalAzure, path: string): Record<string, string> {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = identity.env();
  return {
    IDENTITY_ENDPOINT: '',
    IDENTITY_HEADER: '',
    IDENTITY: IDENTITY_ENDPOINT,
    IDENTITY_SECRET: IDENTITY_HEADER,
    PATH: path,
  };
}

test("uses the developer's az login when there is no managed identity", async () => {
  const path = await installCommand(folder, 'az', az);
  service = await startLocalService({
    app: '.',
    port: 0,
    settings: (azure) => asDeveloper(azure, path),
  });

  const response = await fetch(`${service.url}/api/users`, { method: 'POST' });

  expect(response.status).toBe(201);
  expect(service.azure.vault.requests.count('getSecret')).toBe(1);
});

test('returns upstream_unavailable when there is no login', async () => {
  const logs: string[] = [];
  service = await startLocalService({
    app: '.',
    port: 0,
    settings: (azure) => asDeveloper(azure, folder),
    onLog: (line) => logs.push(line),
  });

  const response = await fetch(`${service.url}/api/users`, { method: 'POST' });

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'upstream_unavailable' });
  expect(logs.join('\n')).toContain('az login');
});
