import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzureCli, readFromAzure } from './azureCli.ts';
import type { DeployedService } from './deployedService.ts';
import { type KeyName, readSecret, regenerateKeyCommand, writeSecretCommand } from './secret.ts';
import type { CheckService } from './serviceCheck.ts';
import { describeStep, nextRunMessage, type Step, cachesExpireAt } from './steps.ts';

const PROGRESS_MS = 30_000;

export interface RotationContext {
  az: AzureCli;
  service: DeployedService;
  check: CheckService;
  report: (line: string) => void;
  signal: AbortSignal;
}

/** Runs the steps in order. Each starts only after the check that the service works. */
export async function rotate(steps: readonly Step[], rotation: RotationContext): Promise<void> {
  const { check, report, service } = rotation;
  await check().catch(describeFailure('Nothing was changed'));
  report('The service is healthy and issues tokens.');
  for (const [index, step] of steps.entries()) {
    const number = `step ${index + 1} of ${steps.length}`;
    report(`\n${index + 1}/${steps.length} ${describeStep(step, service)}`);
    await runStep(step, rotation).catch(describeFailure(`Stopped in ${number}`));
    await check().catch(describeFailure(`Stopped after ${number}`));
    report('Done. The service is healthy and issues tokens.');
  }
}

async function runStep(step: Step, { az, service, report, signal }: RotationContext): Promise<void> {
  switch (step.kind) {
    case 'wait':
      await waitUntil(cachesExpireAt(await readSecret(az, service), service), report, signal);
      return;
    case 'regenerate':
      await rejectDuringDeployment(az, service);
      await rejectActiveKey(az, service, step.key);
      await az(regenerateKeyCommand(service, step.key));
      return;
    case 'write':
      await az(writeSecretCommand(service, step));
      await verifyTags(az, service, step);
      return;
    case 'keep':
      report(nextRunMessage(step.key, await readSecret(az, service), service));
  }
}

async function waitUntil(until: Date, report: (line: string) => void, signal: AbortSignal): Promise<void> {
  for (;;) {
    const leftMs = until.getTime() - Date.now();
    if (leftMs <= 0) return;
    report(`  ${Math.ceil(leftMs / 1000)} seconds left, until ${until.toISOString()}`);
    await sleep(Math.min(leftMs, PROGRESS_MS), undefined, { signal });
  }
}

/** A running deployment may have read the old key already, and would write it into the secret. */
async function rejectDuringDeployment(az: AzureCli, { resourceGroup }: DeployedService): Promise<void> {
  const running = await readFromAzure(az, z.array(z.string()), [
    ...['deployment', 'group', 'list', '--resource-group', resourceGroup],
    ...['--filter', "provisioningState eq 'Running'", '--query', '[].name'],
  ]);
  if (running.length === 0) return;
  throw new CommandError(
    `a deployment is running in ${resourceGroup} (${running.join(', ')}). Wait until it ends`,
  );
}

/** Another deployment may have written the secret since the plan was made. */
async function rejectActiveKey(az: AzureCli, service: DeployedService, key: KeyName): Promise<void> {
  const { activeKey } = await readSecret(az, service);
  if (activeKey === key)
    throw new CommandError(`another deployment changed the secret. It now holds the ${key} key`);
}

async function verifyTags(
  az: AzureCli,
  service: DeployedService,
  expected: { activeKey: KeyName; retiringKey: KeyName | undefined },
): Promise<void> {
  const { activeKey, retiringKey } = await readSecret(az, service);
  if (activeKey === expected.activeKey && retiringKey === expected.retiringKey) return;
  throw new CommandError('the deployment succeeded, but the tags of the secret did not change');
}

function describeFailure(where: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    const message = error.message.replace(/\.?$/, '.');
    throw new CommandError(
      `${where}: ${message}\nFix this, then run the same command again. It continues with this step.`,
      error.exitCode,
    );
  };
}
