import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { azureCli } from './rotate-key/azureCli.ts';
import { findDeployment } from './rotate-key/deployment.ts';
import { overview, planText } from './rotate-key/planText.ts';
import { rotate } from './rotate-key/rotation.ts';
import { readSecret } from './rotate-key/secret.ts';
import { prepareCheck } from './rotate-key/serviceCheck.ts';
import { planSteps } from './rotate-key/steps.ts';

const usage = `Replaces both access keys of a deployed token service, one after the other, while it serves.

npm run rotate-key -- --resource-group NAME [--function-app NAME] [--communication-service NAME]
                      [--apply] [--no-wait | --keep-tokens]

  --resource-group NAME         where the service is deployed
  --function-app NAME           which one, if there are several
  --communication-service NAME  which one, if there are several
  --apply                       carry it out; without it the plan is printed and nothing changed
  --no-wait                     for a leaked key: regenerate it without waiting for the cached secret
  --keep-tokens                 leave the old key until its tokens have expired, for another run
  --help                        this text

Needs the Azure CLI, logged in. Where callers sign in, TOKEN_SERVICE_BEARER holds the bearer token
of an administrator. It may be stopped at any time and run again: tools/rotate-key/README.md.
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
    throw new RangeError('--no-wait and --keep-tokens contradict each other');
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
      'Interrupted. The service goes on as it is; run the same command to finish the rotation.',
      130,
    );
  }
});

async function main(): Promise<void> {
  const az = azureCli(process.env, signal);
  const deployment = await findDeployment(az, {
    resourceGroup: options.resourceGroup,
    functionApp: options['function-app'],
    communicationService: options['communication-service'],
  });
  if (deployment === undefined) {
    report(
      'This service reaches Communication Services with its managed identity: there is no key to rotate.',
    );
    return;
  }
  const secret = await readSecret(az, deployment);
  const choices = { noWait: options['no-wait'], keepTokens: options['keep-tokens'] };
  const steps = planSteps(secret, deployment, choices, new Date());

  report(overview(secret, deployment));
  if (!options.apply) {
    report(planText(steps, secret, deployment));
    return;
  }
  const bearer = process.env['TOKEN_SERVICE_BEARER'];
  const check = await prepareCheck(az, deployment, { bearer, signal });
  await rotate(steps, { az, deployment, check, report, signal });
  const { activeKey } = await readSecret(az, deployment);
  report(`
The secret holds the ${activeKey} key. Set it in infra/main.bicepparam, or the next deployment of everything
brings the other one back:
  param activeKey = '${activeKey}'`);
}
