import { typed } from './azureCli.ts';
import type { Deployment } from './deployment.ts';
import { regenerateKey, type Secret, writeSecret } from './secret.ts';
import { describe, runAgain, type Step } from './steps.ts';

/** What was found: the parts, and what the secret says of a rotation under way. */
export function overview(secret: Secret, deployment: Deployment): string {
  const { functionApp, vault, secretName, communicationService } = deployment;
  const { activeKey, retiringKey, updated } = secret;
  const retiring = retiringKey === undefined ? '' : `; the ${retiringKey} key is retiring`;
  return `Service                ${functionApp.name}, ${functionApp.api.origin}
Secret                 ${secretName} in ${vault.name}
Communication service  ${communicationService.name}
State                  the secret, written ${updated.toISOString()}, holds the ${activeKey} key${retiring}
`;
}

/** The steps, numbered, with the commands that carry them out. */
export function planText(steps: readonly Step[], secret: Secret, deployment: Deployment): string {
  const numbered = steps.map((step, index) =>
    [`${index + 1}. ${describe(step, deployment)}`, ...commandOf(step, secret, deployment)].join('\n   '),
  );
  const { api } = deployment.functionApp;
  return `${numbered.join('\n\n')}

Before the first step and after each one, ${api.href}health must be 200 and
POST ${api.href}users?scope=${deployment.scope} must answer a token; that user is deleted again.

Nothing was changed. Add --apply to carry this out.`;
}

function commandOf(step: Step, secret: Secret, deployment: Deployment): string[] {
  switch (step.kind) {
    case 'regenerate':
      return [typed(regenerateKey(deployment, step.key))];
    case 'write':
      return [typed(writeSecret(deployment, step))];
    case 'leave':
      return secret.retiringKey === step.key ? [runAgain(step.key, secret, deployment)] : [];
    case 'wait':
      return [];
  }
}
