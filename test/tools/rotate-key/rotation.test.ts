import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findDeployment, type Deployment } from '../../../tools/rotate-key/deployment.ts';
import { rotate } from '../../../tools/rotate-key/rotation.ts';
import { readSecret } from '../../../tools/rotate-key/secret.ts';
import { type Choices, planSteps } from '../../../tools/rotate-key/steps.ts';
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
let deployment: Deployment;
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
  const found = await findDeployment(account.cli, {
    resourceGroup: 'rehearsal',
    functionApp: undefined,
    communicationService: undefined,
  });
  if (found === undefined) throw new Error('not found');
  deployment = { ...found, secretTtlMs: 200 };
});
afterEach(() => azure.close());

/** What a run does; its check is that ACS accepts the key that the secret holds. */
async function run(
  choices: Partial<Choices> = {},
  check = acceptsSecret,
  signal = new AbortController().signal,
): Promise<string> {
  const lines: string[] = [];
  const secret = await readSecret(account.cli, deployment);
  const steps = planSteps(secret, deployment, { noWait: false, keepTokens: false, ...choices }, new Date());
  const report = (line: string) => lines.push(line);
  await rotate(steps, { az: account.cli, deployment, check, report, signal });
  return lines.join('\n');
}

async function acceptsSecret(): Promise<void> {
  const key = /accesskey=(.*)/.exec(written ?? '')?.[1] ?? '';
  if ((await tryKey(key)) !== 201) throw new CommandError('ACS refuses the key in the secret');
}

async function tryKey(key: string): Promise<number> {
  return (await send(azure.acs.url, key, { target: '/identities?api-version=2023-10-01' })).status;
}

test('replaces both keys and leaves no key retiring', async () => {
  const old = [...account.keys];

  await run();

  expect(account.changes).toEqual(whole);
  expect(account.tags).toEqual({ activeKey: 'secondary' });
  expect(await Promise.all(old.map(tryKey))).toEqual([401, 401]);
  await acceptsSecret();
});

test('goes back to the primary key the next time', async () => {
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

test('waits one cache lifetime between the new secret and the end of the old key', async () => {
  const times = new Map<string, number>();
  account.onChange = (change) => void times.set(change, Date.now());
  deployment.secretTtlMs = 1500;

  await run();

  const waited =
    (times.get('regenerate primary') ?? 0) - (times.get('write secondary, primary retiring') ?? 0);
  // Azure tells whole seconds.
  expect(waited).toBeGreaterThanOrEqual(2 * deployment.secretTtlMs - 1000);
});

test('waits before the first change too when the secret has just been written', async () => {
  account.updated = new Date();
  deployment.secretTtlMs = 1500;
  const begun = Date.now();
  account.onChange = () => {
    throw new Error('far enough');
  };

  await expect(run()).rejects.toThrow('Stopped in step 2 of 6');

  expect(Date.now() - begun).toBeGreaterThanOrEqual(2 * deployment.secretTtlMs - 1100);
});

test.each(whole.flatMap((change) => [[change, 'before'] as const, [change, 'after'] as const]))(
  'a run that ends at "%s", %s it is done, is finished by the next one',
  async (last, moment) => {
    const old = [...account.keys];
    account.onChange = (change, when) => {
      if (change === last && when === moment) throw new Error('the machine went down');
    };
    await expect(run()).rejects.toThrow('run the same command');
    account.onChange = () => undefined;
    await acceptsSecret();

    // After the last change nothing is left, and the same command begins a rotation of its own.
    await run();

    expect(account.tags).not.toHaveProperty('retiringKey');
    expect(await Promise.all(old.map(tryKey))).toEqual([401, 401]);
    await acceptsSecret();
  },
);

test('a key is not regenerated while a deployment is under way', async () => {
  account.runningDeployments = ['main'];

  await expect(run()).rejects.toThrow('a deployment is under way in rehearsal (main); let it end');

  expect(account.changes).toEqual([]);
});

test('a key is not regenerated when the secret has come to hold it', async () => {
  let checks = 0;
  const redeployed = () => {
    checks += 1;
    // A deployment of everything, with the old choice, while this one waited.
    if (checks === 4) account.tags = { activeKey: 'primary' };
    return acceptsSecret();
  };

  await expect(run({}, redeployed)).rejects.toThrow('holds the primary key now');

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('stops when the deployment has not set the tags', async () => {
  account.onChange = (change, when) => {
    if (change.startsWith('write') && when === 'after') account.tags = { activeKey: 'primary' };
  };

  await expect(run()).rejects.toThrow('the tags of the secret are not the ones it set');

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('stops before the next step when the service does not work after one', async () => {
  let checks = 0;
  const failsThird = async () => {
    checks += 1;
    if (checks === 3) throw new CommandError('POST users answered 502 upstream_rejected.');
    await acceptsSecret();
  };

  await expect(run({}, failsThird)).rejects.toThrow(
    'Stopped after step 2 of 5: POST users answered 502 upstream_rejected.',
  );

  expect(account.changes).toEqual(whole.slice(0, 2));
});

test('changes nothing when the service does not work to begin with', async () => {
  const fails = () => Promise.reject(new CommandError('GET health answered 503.'));

  await expect(run({}, fails)).rejects.toThrow('Nothing was changed: GET health answered 503.');

  expect(account.changes).toEqual([]);
});

test('leaves the old key with keepTokens, and says when it can go', async () => {
  const output = await run({ keepTokens: true });

  expect(account.changes).toEqual(whole.slice(0, 2));
  const at = new Date(Math.floor(account.updated.getTime() / 1000) * 1000 + 24 * 60 * 60_000 + 400);
  expect(output).toContain(`Run this again after ${at.toISOString()} to regenerate the primary key.`);
});

test('an interruption ends the wait', async () => {
  const interruption = new AbortController();
  deployment.secretTtlMs = 600_000;
  account.onChange = (change, when) => {
    if (change.startsWith('write') && when === 'after') setTimeout(interruption.abort.bind(interruption), 50);
  };

  await expect(run({}, acceptsSecret, interruption.signal)).rejects.toThrow('aborted');

  expect(account.changes).toEqual(whole.slice(0, 2));
});
