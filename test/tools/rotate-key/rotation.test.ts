import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findService, type DeployedService } from '../../../tools/rotate-key/deployedService.ts';
import { rotate } from '../../../tools/rotate-key/rotation.ts';
import { readSecret } from '../../../tools/rotate-key/secret.ts';
import { type RotationOptions, planSteps } from '../../../tools/rotate-key/steps.ts';
import { type LocalAzure, startLocalAzure } from '../../../local/localAzure.ts';
import { CommandError } from '../../../tools/commandLine.ts';
import { send } from '../../local/acs/signedRequest.ts';
import { AzureAccount } from './azureAccount.ts';

const whole = [
  'regenerate secondary',
  'write secondary, primary retiring',
  'regenerate primary',
  'write secondary',
];

let azure: LocalAzure;
let account: AzureAccount;
let service: DeployedService;
let written: string | undefined;
beforeEach(async () => {
  azure = await startLocalAzure();
  written = azure.acs.connectionString('primary');
  const vault = {
    ...azure.vault,
    setSecret: (name: string, value: string) => {
      written = value;
      return azure.vault.setSecret(name, value);
    },
  };
  account = new AzureAccount({ acs: azure.acs, vault });
  const found = await findService(account.cli, {
    resourceGroup: 'rehearsal',
    functionApp: undefined,
    communicationService: undefined,
  });
  if (found === undefined) throw new Error('not found');
  service = { ...found, secretTtlMs: 200 };
});
afterEach(() => azure.close());

/** Runs a rotation. By default its check is that ACS accepts the key in the secret. */
async function run(
  options: Partial<RotationOptions> = {},
  check = acceptsSecret,
  signal = new AbortController().signal,
): Promise<string> {
  const lines: string[] = [];
  const secret = await readSecret(account.cli, service);
  const steps = planSteps(secret, service, { noWait: false, keepTokens: false, ...options }, new Date());
  const report = (line: string) => lines.push(line);
  await rotate(steps, { az: account.cli, service, check, report, signal });
  return lines.join('\n');
}

async function acceptsSecret(): Promise<void> {
  const key = /accesskey=(.*)/.exec(written ?? '')?.[1] ?? '';
  if ((await tryKey(key)) !== 201) throw new CommandError('ACS rejects the key in the secret');
}

async function tryKey(key: string): Promise<number> {
  return (await send(azure.acs.url, key, { target: '/identities?api-version=2023-10-01' })).status;
}

test('replaces both keys and removes the tag retiringKey', async () => {
  const old = [...account.keys];

  await run();

  expect(account.changes).toEqual(whole);
  expect(account.tags).toEqual({ activeKey: 'secondary' });
  expect(await Promise.all(old.map(tryKey))).toEqual([401, 401]);
  await acceptsSecret();
});

test('a second rotation returns to the primary key', async () => {
  await run();
  account.changes = [];

  await run();

  expect(account.changes).toEqual([
    'regenerate primary',
    'write primary, secondary retiring',
    'regenerate secondary',
    'write primary',
  ]);
});

test('waits one cache lifetime between writing the secret and regenerating the old key', async () => {
  const times = new Map<string, number>();
  account.onChange = (change) => void times.set(change, Date.now());
  service.secretTtlMs = 1500;

  await run();

  const waited =
    (times.get('regenerate primary') ?? 0) - (times.get('write secondary, primary retiring') ?? 0);
  // Azure returns whole seconds.
  expect(waited).toBeGreaterThanOrEqual(2 * service.secretTtlMs - 1000);
});

test('waits before the first change when the secret has just been written', async () => {
  account.updated = new Date();
  service.secretTtlMs = 1500;
  const startedAt = Date.now();
  account.onChange = () => {
    throw new Error('stop here');
  };

  await expect(run()).rejects.toThrow('Stopped in step 2 of 6');

  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2 * service.secretTtlMs - 1100);
});

test.each(whole.flatMap((change) => [[change, 'before'] as const, [change, 'after'] as const]))(
  'the next run finishes one that crashed at "%s" (%s the change)',
  async (last, moment) => {
    const old = [...account.keys];
    account.onChange = (change, when) => {
      if (change === last && when === moment) throw new Error('the machine went down');
    };
    await expect(run()).rejects.toThrow('run the same command again');
    account.onChange = () => undefined;
    await acceptsSecret();

    // After the last change the rotation is complete, so this starts a new one.
    await run();

    expect(account.tags).not.toHaveProperty('retiringKey');
    expect(await Promise.all(old.map(tryKey))).toEqual([401, 401]);
    await acceptsSecret();
  },
);

test('does not regenerate a key while a deployment is running', async () => {
  account.runningDeployments = ['main'];

  await expect(run()).rejects.toThrow('a deployment is running in rehearsal (main). Wait until it ends');

  expect(account.changes).toEqual([]);
});

test('does not regenerate a key that another deployment wrote into the secret', async () => {
  let checks = 0;
  const redeployed = () => {
    checks += 1;
    // A deployment of the templates with the old activeKey, during the wait.
    if (checks === 4) account.tags = { activeKey: 'primary' };
    return acceptsSecret();
  };

  await expect(run({}, redeployed)).rejects.toThrow('It now holds the primary key');

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('stops when the deployment did not set the tags', async () => {
  account.onChange = (change, when) => {
    if (change.startsWith('write') && when === 'after') account.tags = { activeKey: 'primary' };
  };

  await expect(run()).rejects.toThrow('the tags of the secret did not change');

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('stops when the service fails after a step', async () => {
  let checks = 0;
  const failsThird = async () => {
    checks += 1;
    if (checks === 3) throw new CommandError('POST users returned 502 upstream_rejected.');
    await acceptsSecret();
  };

  await expect(run({}, failsThird)).rejects.toThrow(
    'Stopped after step 2 of 5: POST users returned 502 upstream_rejected.',
  );

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('changes nothing when the service fails before the first step', async () => {
  const fails = () => Promise.reject(new CommandError('GET health returned 503.'));

  await expect(run({}, fails)).rejects.toThrow('Nothing was changed: GET health returned 503.');

  expect(account.changes).toEqual([]);
});

test('keepTokens: keeps the old key and says when to run again', async () => {
  const output = await run({ keepTokens: true });

  expect(account.changes).toEqual(whole.slice(0, 2));
  const at = new Date(Math.floor(account.updated.getTime() / 1000) * 1000 + 24 * 60 * 60_000 + 400);
  expect(output).toContain(
    `Run the same command again after ${at.toISOString()} to regenerate the primary key.`,
  );
});

test('the signal ends the wait', async () => {
  const interruption = new AbortController();
  service.secretTtlMs = 600_000;
  account.onChange = (change, when) => {
    if (change.startsWith('write') && when === 'after') setTimeout(interruption.abort.bind(interruption), 50);
  };

  await expect(run({}, acceptsSecret, interruption.signal)).rejects.toThrow('aborted');

  expect(account.changes).toEqual(whole.slice(0, 2));
});
