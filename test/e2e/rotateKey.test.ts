import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Listener, listen } from '../../local/emulator/listen.ts';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { AzureAccount } from '../tools/rotate-key/azureAccount.ts';
import { send } from '../local/acs/signedRequest.ts';
import { type RunningCommand, runCommand } from './command.ts';
import { installCommand } from './installCommand.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** An `az` that sends its arguments and stdin to the account in this process and prints the response. */
const az = `
  const { readFileSync } = require('node:fs');
  const args = process.argv.slice(2);
  const input = args.includes('@-') ? readFileSync(0, 'utf8') : '';
  fetch(process.env.AZURE_ACCOUNT, { method: 'POST', body: JSON.stringify({ args, input }) })
    .then(async (response) => {
      (response.ok ? process.stdout : process.stderr).write(await response.text());
      process.exitCode = response.ok ? 0 : 1;
    });`;

const whole = [
  'regenerate secondary',
  'write secondary, primary retiring',
  'regenerate primary',
  'write secondary',
];

let folder: string;
let path: string;
let service: LocalService;
let account: AzureAccount;
let resourceManager: Listener;
let traffic: Traffic | undefined;
let outputs: RunningCommand[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotate-key-test-'));
  path = await installCommand(folder, 'az', az);
  traffic = undefined;
  outputs = [];
});
afterEach(async () => {
  for (const { child } of outputs) child.kill('SIGKILL');
  await traffic?.stop();
  await resourceManager.close();
  await service.stop();
  await rm(folder, { recursive: true });
});

/** Starts the built service and an Azure account for it. */
async function deploy(settings: Record<string, string>, callers: 'function-key' | 'oidc' = 'function-key') {
  service = await startLocalService({
    app: '.',
    port: 0,
    enableAuth: true,
    callers,
    settings: () => settings,
  });
  const { azure, listing } = service;
  await azure.acs.commands['setLimits']?.run({ enabled: false });
  account = new AzureAccount(azure);
  account.settings = { ...account.settings, ...settings };
  account.host = new URL(service.url).host;
  account.functionKeys = { default: listing?.functionKey ?? '' };
  resourceManager = await listen((request, response) => {
    void json(request)
      .then((call) => {
        const { args, input } = call as { args: string[]; input: string };
        return account.run(args, input);
      })
      .then(
        (printed) => response.end(printed),
        (error: unknown) => response.writeHead(400).end(`ERROR: ${String(error)}\n`),
      );
  });
}

function rotateKey(...args: string[]): RunningCommand {
  const env = { PATH: path, AZURE_ACCOUNT: resourceManager.url, TOKEN_SERVICE_BEARER: '' };
  return rotateKeyWith(env, ...args);
}

function rotateKeyWith(env: Record<string, string>, ...args: string[]): RunningCommand {
  const command = runCommand('tools/rotate-key.ts', ['--resource-group', 'rehearsal', ...args], env);
  outputs.push(command);
  return command;
}

function startClients(): Traffic {
  const headers = { 'x-functions-key': service.listing?.functionKey ?? '' };
  traffic = startTraffic(`${service.url}/api`, { clients: 4, headers });
  return traffic;
}

async function acsStatus(key: string): Promise<number> {
  const { status } = await send(service.azure.acs.url, key, { target: '/identities?api-version=2023-10-01' });
  return status;
}

/** No output has an access key, connection string or function key. */
function expectNoKeys(): void {
  const printed = outputs.map((command) => command.output()).join('\n');
  expect(printed).not.toMatch(/accesskey/i);
  for (const key of [...account.keys, ...Object.values(account.functionKeys)]) {
    expect(printed).not.toContain(key);
    expect(printed).not.toContain(encodeURIComponent(key));
  }
}

test.each([
  { choice: [], ttl: '1' },
  // So long that only a rejected key makes the service read the secret again.
  { choice: ['--no-wait'], ttl: '600' },
])(
  'no request fails during a rotation ($choice)',
  async ({ choice, ttl }) => {
    await deploy({ ACS_SECRET_TTL_SECONDS: ttl });
    const old = [...account.keys];
    const { sent, failures } = await rehearse(choice);

    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(100);
    expect(account.changes).toEqual(whole);
    expect(account.tags).toEqual({ activeKey: 'secondary' });
    expect(await Promise.all(old.map(acsStatus))).toEqual([401, 401]);
    expectNoKeys();
  },
  60_000,
);

async function rehearse(choice: string[]): Promise<Traffic> {
  const clients = startClients();
  const command = rotateKey('--apply', ...choice);
  expect([await command.ended, command.output()]).toEqual([0, expect.any(String)]);
  const after = clients.sent + 100;
  while (clients.sent < after) await new Promise((resolve) => setTimeout(resolve, 20));
  await clients.stop();
  const reads = service.azure.vault.requests.count('getSecret');
  const { sent, failures } = clients;
  process.stdout.write(
    `Rotation rehearsal${choice.map((one) => ` ${one}`).join('')}: ${sent} requests sent, ${failures.length} failed, ${reads} secret reads\n`,
  );
  return clients;
}

test('without --apply it prints the plan with its commands and changes nothing', async () => {
  await deploy({ ACS_SECRET_TTL_SECONDS: '600' });
  const old = [...account.keys];

  const command = rotateKey();

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('1. Regenerate the secondary key');
  expect(command.output()).toContain(`echo '{"keyType":"Secondary"}' | az rest --method post --url `);
  expect(command.output()).toMatch(/az deployment group create .* activeKey=secondary retiringKey=primary/);
  expect(command.output()).toContain('Nothing was changed. Run again with --apply to rotate the keys.');
  expect(account.changes).toEqual([]);
  expect([...account.keys]).toEqual(old);
  expect(service.azure.acs.requests.toJSON()).toEqual({});
  // The service reads it once, when it has loaded.
  expect(service.azure.vault.requests.count('getSecret')).toBeLessThanOrEqual(1);
  expectNoKeys();
});

test('a keyless service has no key to rotate', async () => {
  await deploy({});
  account.settings = { ACS_ENDPOINT: 'https://acs-rehearsal.communication.azure.com/' };

  const command = rotateKey('--apply');

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('No key to rotate');
});

test('interrupted after each change, it still finishes without a failed request', async () => {
  await deploy({ ACS_SECRET_TTL_SECONDS: '1' });
  const old = [...account.keys];
  const clients = startClients();

  for (const last of whole) {
    const interrupted = rotateKey('--apply');
    await made(last);
    interrupted.child.kill('SIGINT');
    expect(await interrupted.ended).toBe(130);
    expect(interrupted.output()).toContain('Run the same command again to finish the rotation');
  }

  expect(account.tags).toEqual({ activeKey: 'secondary' });
  expect(await Promise.all(old.map(acsStatus))).toEqual([401, 401]);
  await clients.stop();
  expect(clients.failures).toEqual([]);
  expectNoKeys();
}, 60_000);

/** Resolves once the change is made. Its response never arrives. */
function made(last: string): Promise<void> {
  return new Promise((resolve) => {
    account.onChange = (change, when) => {
      if (change !== last || when === 'before') return undefined;
      resolve();
      return new Promise(() => undefined);
    };
  });
}

test('interrupted while it waits, it continues with the wait', async () => {
  await deploy({ ACS_SECRET_TTL_SECONDS: '2' });
  const first = rotateKey('--apply');
  await first.prints(/seconds left/);
  first.child.kill('SIGINT');

  expect(await first.ended).toBe(130);
  expect(account.changes).toEqual(whole.slice(0, 2));
  const second = rotateKey('--apply');
  expect(await second.ended).toBe(0);

  expect(second.output()).toContain('1/3 Wait until no instance has the primary key in its cache');
  expect(account.changes).toEqual(whole);
});

test('stops when the service fails after a step', async () => {
  await deploy({ ACS_SECRET_TTL_SECONDS: '600' });
  account.onChange = (_, when) => {
    if (when === 'after')
      service.azure.acs.faults.arm({ operation: 'createUserAndToken', status: 401, times: 1_000 });
  };

  const command = rotateKey('--apply');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Stopped after step 1 of 5');
  expect(command.output()).toContain('POST users?scope=chat returned 502 upstream_rejected');
  expect(command.output()).toContain('run the same command again');
  expect(account.changes).toEqual(whole.slice(0, 1));
  expectNoKeys();
}, 90_000);

test('with CALLER_AUTH=oidc it requires the bearer token of an administrator', async () => {
  await deploy({ ACS_SECRET_TTL_SECONDS: '1' }, 'oidc');
  account.settings = {
    ...account.settings,
    CALLER_AUTH: 'oidc',
    OIDC_ISSUER: 'https://issuer.example.com',
    OIDC_AUDIENCE: 'api://acs-token-service',
    OIDC_REQUIRED_SCOPE: 'Tokens.Issue',
    USER_TABLE_ENDPOINT: 'https://users.table.core.windows.net/',
  };
  const bearer = (await service.signIn?.provider.tokenFor('admin')) ?? '';
  const env = { PATH: path, AZURE_ACCOUNT: resourceManager.url };

  const without = rotateKey('--apply');
  expect(await without.ended).toBe(1);
  expect(without.output()).toContain('TOKEN_SERVICE_BEARER');
  expect(account.changes).toEqual([]);
  const withBearer = rotateKeyWith({ ...env, TOKEN_SERVICE_BEARER: bearer }, '--apply');

  expect([await withBearer.ended, withBearer.output()]).toEqual([0, expect.any(String)]);
  expect(account.changes).toEqual(whole);
  expect(withBearer.output()).not.toContain(bearer);
}, 60_000);
