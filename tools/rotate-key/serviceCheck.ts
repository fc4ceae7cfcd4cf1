import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzureCli, readFromAzure } from './azureCli.ts';
import type { Deployment } from './deployment.ts';

const ATTEMPTS = 10;
const REQUEST_LIMIT_MS = 30_000;

const createdSchema = z.object({
  token: z.string().min(1),
  user: z.object({ communicationUserId: z.string() }),
});
const problemSchema = z.object({ code: z.string() });

/** Resolves when the service is healthy and issues tokens; rejects when it keeps failing. */
export type CheckService = () => Promise<void>;

interface CheckOptions {
  /** A bearer token of an administrator, where callers sign in. */
  bearer: string | undefined;
  signal: AbortSignal;
  /** Between two attempts. */
  pauseMs?: number;
}

/** Reads what the service wants to see from its callers. */
export async function prepareCheck(
  az: AzureCli,
  deployment: Deployment,
  { bearer, signal, pauseMs = 2_000 }: CheckOptions,
): Promise<CheckService> {
  const credentials = await readCredentials(az, deployment, bearer);
  const { api } = deployment.functionApp;

  return async () => {
    let reason = '';
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (attempt > 1) await wait(pauseMs, undefined, { signal });
      try {
        await useService(api, credentials, deployment.scope, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        reason = error instanceof Error ? error.message : String(error);
      }
    }
    throw new CommandError(`the service at ${api.origin} did not work in ${ATTEMPTS} attempts: ${reason}`);
  };
}

async function readCredentials(
  az: AzureCli,
  { functionApp, callers }: Deployment,
  bearer: string | undefined,
): Promise<Record<string, string>> {
  if (callers === 'oidc') {
    if (bearer) return { Authorization: `Bearer ${bearer}` };
    throw new CommandError(
      `The callers of ${functionApp.name} sign in. Put the bearer token of an administrator, which each step is verified with, into the environment variable TOKEN_SERVICE_BEARER.`,
    );
  }
  // az functionapp keys list answers nothing in some versions: https://github.com/Azure/azure-cli/issues/33580
  const url = `${functionApp.id}/host/default/listkeys?api-version=2025-03-01`;
  const keys = await readFromAzure(az, z.record(z.string(), z.string()), [
    ...['rest', '--method', 'post', '--url', url, '--query', 'functionKeys'],
  ]);
  const key = keys['default'] ?? Object.values(keys)[0];
  if (key !== undefined) return { 'x-functions-key': key };
  throw new CommandError(`${functionApp.name} has no function key to verify each step with.`);
}

/** Asks for the health, and for a user with a token, which is deleted again. */
async function useService(
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
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
    });
    const answer: unknown =
      response.status === 204 ? undefined : await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const code = problemSchema.safeParse(answer).data?.code;
    throw new Error(`${method} ${path} answered ${response.status}${code === undefined ? '' : ` ${code}`}.`);
  };

  await call('GET', 'health', {});
  const created = createdSchema.safeParse(await call('POST', `users?scope=${scope}`));
  if (!created.success) throw new Error('POST users answered no token.');
  await call('DELETE', `users/${encodeURIComponent(created.data.user.communicationUserId)}`);
}
