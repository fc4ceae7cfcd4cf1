import type { EmulatorResponse } from '../emulator/serve.ts';

/** The value does not matter: a managed identity belongs to one tenant. */
const TENANT = '00000000-0000-0000-0000-000000000000';

/** An error in Key Vault's format. */
export function vaultError(
  status: number,
  code: string,
  message: string,
  innerCode?: string,
): EmulatorResponse {
  const innererror = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message, ...innererror } } };
}

/** 401 with the challenge: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses */
export function unauthorized(message: string): EmulatorResponse {
  return {
    ...vaultError(401, 'Unauthorized', message),
    headers: {
      'WWW-Authenticate': `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="https://vault.azure.net"`,
    },
  };
}

/** 400 for a request that Key Vault does not accept. */
export function badParameter(message: string): EmulatorResponse {
  return vaultError(400, 'BadParameter', message);
}

/** 404, as recorded in https://github.com/Azure/azure-sdk-for-js/issues/25489 */
export function secretNotFound(id: string): EmulatorResponse {
  return vaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${id} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

/** 403, as recorded in https://github.com/Azure/azure-sdk-for-js/issues/24756 */
export function secretDisabled(): EmulatorResponse {
  return vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
}

/** 403, as recorded in https://github.com/piyushsachdeva/Terraform_AKS/issues/2 */
export function forbiddenByRbac(action: string): EmulatorResponse {
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
