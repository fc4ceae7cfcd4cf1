import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzureCli, readFromAzure } from './azureCli.ts';
import type { Deployment } from './deployment.ts';
import { type KeyName, readSecret, regenerateKey, writeSecret } from './secret.ts';
import type { CheckService } from './serviceCheck.ts';
import { describe, runAgain, type Step, unheldFrom } from './steps.ts';

const PROGRESS_MS = 30_000;

export interface Rotation {
  az: AzureCli;
  deployment: Deployment;
  check: CheckService;
  report: (line: string) => void;
  signal: AbortSignal;
}

/** Carries out the steps in their order; none begins before the service was seen to work after the last one. */
export async function rotate(steps: readonly Step[], rotation: Rotation): Promise<void> {
  const { check, report, deployment } = rotation;
  await check().catch(stopped('Nothing was changed'));
  report('The service is healthy and issues tokens.');
  for (const [index, step] of steps.entries()) {
    const number = `step ${index + 1} of ${steps.length}`;
    report(`\n${index + 1}/${steps.length} ${describe(step, deployment)}`);
    await carryOut(step, rotation).catch(stopped(`Stopped in ${number}`));
    await check().catch(stopped(`Stopped after ${number}`));
    report('Done; the service is healthy and issues tokens.');
  }
}

async function carryOut(step: Step, { az, deployment, report, signal }: Rotation): Promise<void> {
  switch (step.kind) {
    case 'wait':
      await waitUntil(unheldFrom(await readSecret(az, deployment), deployment), report, signal);
      return;
    case 'regenerate':
      await refuseWhileDeploying(az, deployment);
      await refuseActiveKey(az, deployment, step.key);
      await az(regenerateKey(deployment, step.key));
      return;
    case 'write':
      await az(writeSecret(deployment, step));
      await expectSecret(az, deployment, step);
      return;
    case 'leave':
      report(runAgain(step.key, await readSecret(az, deployment), deployment));
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

/** A deployment has read the keys when it begins: one that is under way would write a key that is no more. */
async function refuseWhileDeploying(az: AzureCli, { resourceGroup }: Deployment): Promise<void> {
  const running = await readFromAzure(az, z.array(z.string()), [
    ...['deployment', 'group', 'list', '--resource-group', resourceGroup],
    ...['--filter', "provisioningState eq 'Running'", '--query', '[].name'],
  ]);
  if (running.length === 0) return;
  throw new CommandError(`a deployment is under way in ${resourceGroup} (${running.join(', ')}); let it end`);
}

/** Somebody else may have written the secret since the plan was made. */
async function refuseActiveKey(az: AzureCli, deployment: Deployment, key: KeyName): Promise<void> {
  const { activeKey } = await readSecret(az, deployment);
  if (activeKey === key) throw new CommandError(`the secret has been changed and holds the ${key} key now`);
}

async function expectSecret(
  az: AzureCli,
  deployment: Deployment,
  expected: { activeKey: KeyName; retiringKey: KeyName | undefined },
): Promise<void> {
  const { activeKey, retiringKey } = await readSecret(az, deployment);
  if (activeKey === expected.activeKey && retiringKey === expected.retiringKey) return;
  throw new CommandError('the deployment succeeded, but the tags of the secret are not the ones it set');
}

function stopped(where: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError)) throw error;
    const message = error.message.replace(/\.?$/, '.');
    throw new CommandError(
      `${where}: ${message}\nOnce that is mended, run the same command: it goes on where this one ended.`,
      error.exitCode,
    );
  };
}
