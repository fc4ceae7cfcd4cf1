import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { azureCli } from './rotate-key/azureCli.ts';
import { findService } from './rotate-key/deployedService.ts';
import { overview, planText } from './rotate-key/planText.ts';
import { rotate } from './rotate-key/rotation.ts';
import { readSecret } from './rotate-key/secret.ts';
import { createServiceCheck } from './rotate-key/serviceCheck.ts';
import { planSteps } from './rotate-key/steps.ts';

const usage = `Replaces both access keys of a deployed token service, one after the other, without downtime.

npm run rotate-key -- --resource-group NAME [--function-app NAME] [--communication-service NAME]
                      [--apply] [--no-wait | --keep-tokens]

  --resource-group NAME         the resource group of the service
  --function-app NAME           required when the group has several
  --communication-service NAME  required when the group has several
  --apply                       rotate the keys; without it, print the plan and change nothing
  --no-wait                     for a leaked key: do not wait until cached secrets expire
  --keep-tokens                 stop before the old key is regenerated; a later run does that
  --help                        show this help

Requires the Azure CLI, logged in. With CALLER_AUTH=oidc, set TOKEN_SERVICE_BEARER to the bearer
token of an administrator. You can stop a rotation at any time and run the same command again to
finish it: tools/rotate-key/README.md.
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      'resource-group': { type: 'string' },
      'function-app': { type: 'string' },
      'communication-service': { type: 'string' },
      apply: { type: 'boolean', default: false },
      'no-wait': { type: 'boolean', default: false },
      'keep-tokens': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { ...values, resourceGroup: '' };
  const resourceGroup = values['resource-group'];
  if (!resourceGroup) throw new RangeError('--resource-group is required');
  if (values['no-wait'] && values['keep-tokens']) {
    throw new RangeError('--no-wait and --keep-tokens exclude each other');
  }
  return { ...values, resourceGroup };
});

const interruption = new AbortController();
const { signal } = interruption;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    interruption.abort();
  });
}
const report = (line: string) => {
  console.log(line);
};

await runCommand(async () => {
  try {
    await main();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CommandError(
      'Interrupted. The service keeps working. Run the same command again to finish the rotation.',
      130,
    );
  }
});

async function main(): Promise<void> {
  const az = azureCli(process.env, signal);
  const service = await findService(az, {
    resourceGroup: options.resourceGroup,
    functionApp: options['function-app'],
    communicationService: options['communication-service'],
  });
  if (service === undefined) {
    report('No key to rotate: this service uses its managed identity to call Communication Services.');
    return;
  }
  const secret = await readSecret(az, service);
  const { 'no-wait': noWait, 'keep-tokens': keepTokens } = options;
  const steps = planSteps(secret, service, { noWait, keepTokens }, new Date());

  report(overview(secret, service));
  if (!options.apply) {
    report(planText(steps, secret, service));
    return;
  }
  const bearer = process.env['TOKEN_SERVICE_BEARER'];
  const check = await createServiceCheck(az, service, { bearer, signal });
  await rotate(steps, { az, service, check, report, signal });
  const { activeKey } = await readSecret(az, service);
  report(`
The secret holds the ${activeKey} key. Set it in infra/main.bicepparam too, or the next deployment of the
templates writes the other key:
  param activeKey = '${activeKey}'`);
}
