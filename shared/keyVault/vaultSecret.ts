import type { TokenCredential } from '@azure/core-auth';
import type { RestError } from '@azure/core-rest-pipeline';
import { SecretClient } from '@azure/keyvault-secrets';
import * as z from 'zod/mini';
import { checkResponse } from '../azure/checkResponse.ts';
import { throwErrorResponses } from '../azure/errorResponses.ts';
import { limitResponseSize } from '../azure/responseLimit.ts';
import { isLoopback } from '../azure/loopback.ts';
import { recordRequests } from '../azure/recordRequests.ts';
import { retryWithinDeadline } from '../azure/retry.ts';
import { type ErrorMapping, toServiceError } from '../azure/sdkErrors.ts';
import { misconfigured } from '../errors.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

const secretBody = z.object({ value: z.string() });

/** Reads the newest version of one secret. */
export type ReadSecret = (signal: AbortSignal) => Promise<string>;

/**
 * A reader of a Key Vault secret. It throws `misconfigured` when the vault says that the secret is missing,
 * empty or disabled. Everything else that keeps it from the secret is `upstream_unavailable` and may pass,
 * denied access too: a role assignment takes minutes to apply.
 */
export function vaultSecret(
  vault: URL,
  secretName: string,
  credential: TokenCredential,
  telemetry: Telemetry = noTelemetry,
): ReadSecret {
  const client = new SecretClient(vault.href, credential, {
    // The SDK accepts a challenge for the vault's own domain only, which a loopback address cannot have.
    disableChallengeResourceVerification: isLoopback(vault),
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    additionalPolicies: [
      { policy: retryWithinDeadline(() => true), position: 'perCall' },
      { policy: checkResponse(() => secretBody), position: 'perCall' },
      // Not `perRetry`: the SDK answers the 401 of the authentication challenge itself, further in.
      { policy: throwErrorResponses, position: 'perCall' },
      { policy: recordRequests(telemetry, () => '/secrets/{name}'), position: 'perCall' },
      { policy: limitResponseSize, position: 'perRetry' },
    ],
  });
  const errors = vaultErrors(secretName);
  return async (abortSignal) => {
    let value: string | undefined;
    try {
      ({ value } = await client.getSecret(secretName, { abortSignal }));
    } catch (error) {
      throw toServiceError(error, errors, abortSignal);
    }
    if (value) return value;
    throw misconfigured(`The Key Vault secret ${secretName} is empty.`);
  };
}

/** What the answers of Key Vault mean. */
function vaultErrors(secretName: string): ErrorMapping {
  return {
    message: 'The service cannot read its credentials. Try again later.',
    retryAfterSeconds: 5,
    fromResponse(error) {
      // A proxy or a wrong address sends a 404 too, which says nothing about the secret.
      if (error.statusCode === 404 && error.code === 'SecretNotFound') {
        return misconfigured(`Key Vault has no secret named ${secretName}.`, error);
      }
      return isDisabledSecret(error)
        ? misconfigured(`The Key Vault secret ${secretName} is disabled.`, error)
        : undefined;
    },
    operatorHint(error) {
      if (error === undefined) {
        return 'No token for Key Vault. Check that the app has a managed identity, or on a laptop that you ran az login.';
      }
      return error.statusCode === 401 || error.statusCode === 403
        ? "Key Vault denied access. Check that the app's identity has the role Key Vault Secrets User; a new assignment takes minutes to apply."
        : 'Key Vault is unavailable.';
    },
  };
}

const detailsSchema = z.object({ innererror: z.object({ code: z.string() }) });

function isDisabledSecret({ statusCode, details }: RestError): boolean {
  return statusCode === 403 && detailsSchema.safeParse(details).data?.innererror.code === 'SecretDisabled';
}
