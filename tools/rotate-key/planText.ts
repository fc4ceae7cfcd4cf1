import { shellCommand } from './azureCli.ts';
import type { DeployedService } from './deployedService.ts';
import { regenerateKeyCommand, type Secret, writeSecretCommand } from './secret.ts';
import { describeStep, nextRunMessage, type Step } from './steps.ts';

/** The service and the state of its rotation. */
export function overview(secret: Secret, service: DeployedService): string {
  const { functionApp, vault, secretName, communicationService } = service;
  const { activeKey, retiringKey, updated } = secret;
  const retiring =
    retiringKey === undefined
      ? ''
      : `; a rotation is in progress and still has to regenerate the ${retiringKey} key`;
  return `Service                ${functionApp.name}, ${functionApp.api.origin}
Secret                 ${secretName} in ${vault.name}
Communication service  ${communicationService.name}
Active key             ${activeKey}, written ${updated.toISOString()}${retiring}
`;
}

/** The numbered steps with their commands. */
export function planText(steps: readonly Step[], secret: Secret, service: DeployedService): string {
  const numbered = steps.map((step, index) =>
    [`${index + 1}. ${describeStep(step, service)}`, ...commandOf(step, secret, service)].join('\n   '),
  );
  const { api } = service.functionApp;
  return `${numbered.join('\n\n')}

Before the first step and after each step, the script checks that GET ${api.href}health returns
200 and that POST ${api.href}users?scope=${service.scope} returns a token. It deletes that user.

Nothing was changed. Run again with --apply to rotate the keys.`;
}

function commandOf(step: Step, secret: Secret, service: DeployedService): string[] {
  switch (step.kind) {
    case 'regenerate':
      return [shellCommand(regenerateKeyCommand(service, step.key))];
    case 'write':
      return [shellCommand(writeSecretCommand(service, step))];
    case 'keep':
      return secret.retiringKey === step.key ? [nextRunMessage(step.key, secret, service)] : [];
    case 'wait':
      return [];
  }
}
