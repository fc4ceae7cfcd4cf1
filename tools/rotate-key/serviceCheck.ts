import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzureCli, readFromAzure } from './azureCli.ts';
import type { DeployedService } from './deployedService.ts';

const MAX_ATTEMPTS = 10;
const REQUEST_TIMEOUT_MS = 30_000;

const createdSchema = z.object({
  token: z.string().min(1),
  user: z.object({ communicationUserId: z.string() }),
});
const problemSchema = z.object({ code: z.string() });

/** Resolves when the service is healthy and issues tokens; rejects when it keeps failing. */
export type CheckService = () => Promise<void>;

interface CheckOptions {
  /** Required with CALLER_AUTH=oidc: the bearer token of an administrator. */
  bearer: string | undefined;
  signal: AbortSignal;
  /** The time between two attempts. */
  pauseMs?: number;
}

/** Reads the credentials for the service and returns the check. */
export async function createServiceCheck(
  az: AzureCli,
  service: DeployedService,
  { bearer, signal, pauseMs = 2_000 }: CheckOptions,
): Promise<CheckService> {
  const credentials = await readCredentials(az, service, bearer);
  const { api } = service.functionApp;

  return async () => {
    let reason = '';
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await wait(pauseMs, undefined, { signal });
      try {
        await callService(api, credentials, service.scope, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    throw new CommandError(`the service at ${api.origin} failed ${MAX_ATTEMPTS} checks in a row: ${reason}`);
  };
}

async function readCredentials(
  az: AzureCli,
  { functionApp, callers }: DeployedService,
  bearer: string | undefined,
): Promise<Record<string, string>> {
  if (callers === 'oidc') {
    if (bearer) return { Authorization: `Bearer ${bearer}` };
    throw new CommandError(
      `${functionApp.name} has CALLER_AUTH=oidc. Set TOKEN_SERVICE_BEARER to the bearer token of an administrator: each step is checked with it.`,
    );
  }
  // az functionapp keys list returns nothing in some versions: https://github.com/Azure/azure-cli/issues/33580
  const url = `${functionApp.id}/host/default/listkeys?api-version=2025-03-01`;
  const keys = await readFromAzure(az, z.record(z.string(), z.string()), [
    ...['rest', '--method', 'post', '--url', url, '--query', 'functionKeys'],
  ]);
  const key = keys['default'] ?? Object.values(keys)[0];
  if (key !== undefined) return { 'x-functions-key': key };
  throw new CommandError(
    `${functionApp.name} has no function key. Create one: each step is checked with it.`,
  );
}

/** Checks the health, creates a user with a token, and deletes the user. */
async function callService(
  api: URL,
  credentials: Record<string, string>,
  scope: string,
  signal: AbortSignal,
): Promise<void> {
  const call = async (method: string, path: string, headers = credentials): Promise<unknown> => {
    const response = await fetch(new URL(path, api), {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const answer: unknown =
      response.status === 204 ? undefined : await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const code = problemSchema.safeParse(answer).data?.code;
    throw new Error(`${method} ${path} returned ${response.status}${code === undefined ? '' : ` ${code}`}.`);
  };

  await call('GET', 'health', {});
  const created = createdSchema.safeParse(await call('POST', `users?scope=${scope}`));
  if (!created.success) throw new Error('POST users returned no token.');
  await call('DELETE', `users/${encodeURIComponent(created.data.user.communicationUserId)}`);
}
