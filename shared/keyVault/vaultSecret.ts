import type { TokenCredential } from '@azure/core-auth';
import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { SecretClient } from '@azure/keyvault-secrets';
import * as z from 'zod';
import { isIdentityError } from '../azure/credentialError.ts';
import { Fault, misconfigured } from '../errors.ts';
import { isLoopback } from '../azure/loopback.ts';
import { retryAfterSeconds } from '../azure/retryAfter.ts';
import { retryWithinDeadline } from '../azure/retry.ts';

const RETRY_AFTER_SECONDS = 5;

/** Reads the newest version of one secret. */
export type ReadSecret = (signal: AbortSignal) => Promise<string>;

/**
 * A reader of a Key Vault secret. It throws `misconfigured` when the vault says that the secret is missing,
 * empty or disabled, and `upstream_unavailable` for whatever keeps it from the secret: those faults may pass,
 * also a refused identity, since a role assignment takes minutes to spread.
 */
export function vaultSecret(vault: URL, secretName: string, credential: TokenCredential): ReadSecret {
  const client = new SecretClient(vault.href, credential, {
    // The SDK accepts a challenge for the vault's own domain only, which an address on loopback cannot have.
    disableChallengeResourceVerification: isLoopback(vault),
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: retryWithinDeadline(() => true), position: 'perCall' }],
  });
  return async (abortSignal) => {
    let value: string | undefined;
    try {
      ({ value } = await client.getSecret(secretName, { abortSignal }));
    } catch (error) {
      throw vaultFault(error, secretName);
    }
    if (value) return value;
    throw misconfigured(`The vault's secret ${secretName} is empty.`);
  };
}

function vaultFault(cause: unknown, secretName: string): Fault {
  const error = isRestError(cause) ? cause : undefined;
  const status = error?.statusCode;
  if (status === 404) return misconfigured(`The vault holds no secret named ${secretName}.`, cause);
  if (status === 403 && error !== undefined && isDisabledSecret(error)) {
    return misconfigured(`The vault's secret ${secretName} is disabled.`, cause);
  }
  return new Fault('upstream_unavailable', 'The service cannot read its credentials right now; try again.', {
    note: noteFor(cause, status),
    retryAfterSeconds: retryAfterSeconds(error?.response) ?? RETRY_AFTER_SECONDS,
    cause,
  });
}

function noteFor(cause: unknown, status: number | undefined): string {
  if (status === 401 || status === 403) {
    return 'The vault refuses the identity: has it the role Key Vault Secrets User, and for some minutes?';
  }
  return isIdentityError(cause)
    ? 'There is no token for the vault: has the app a managed identity, or is az logged in?'
    : 'The vault cannot be reached.';
}

const detailsSchema = z.object({ error: z.object({ innerError: z.object({ code: z.string() }) }) });

function isDisabledSecret({ details }: RestError): boolean {
  return detailsSchema.safeParse(details).data?.error.innerError.code === 'SecretDisabled';
}
