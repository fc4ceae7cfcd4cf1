import type { Answer } from '../emulator/serve.ts';

/** Any tenant will do: a managed identity has only one. */
const TENANT = '00000000-0000-0000-0000-000000000000';

export function vaultError(status: number, code: string, message: string, innerCode?: string): Answer {
  const innererror = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message, ...innererror } } };
}

/** https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses */
export function unauthorized(message: string): Answer {
  return {
    ...vaultError(401, 'Unauthorized', message),
    headers: {
      'WWW-Authenticate': `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="https://vault.azure.net"`,
    },
  };
}

export function badParameter(message: string): Answer {
  return vaultError(400, 'BadParameter', message);
}

/** https://github.com/Azure/azure-sdk-for-js/issues/25489 */
export function secretNotFound(id: string): Answer {
  return vaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${id} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

/** https://github.com/Azure/azure-sdk-for-js/issues/24756 */
export function secretDisabled(): Answer {
  return vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
}

/** https://github.com/piyushsachdeva/Terraform_AKS/issues/2 */
export function forbiddenByRbac(action: string): Answer {
  const lines = [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Action: 'Microsoft.KeyVault/vaults/secrets/${action}/action'`,
    'Assignment: (not found)',
    'DenyAssignmentId: null',
    "DecisionReason: 'DeniedWithNoValidRBAC'",
    'Vault: emulator;location=local',
    '',
  ];
  return vaultError(403, 'Forbidden', lines.join('\r\n'), 'ForbiddenByRbac');
}
