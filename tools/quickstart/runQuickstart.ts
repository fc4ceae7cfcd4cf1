import * as z from 'zod';
import { CommandError } from '../commandLine.ts';

const createdSchema = z.object({ user: z.object({ communicationUserId: z.string() }) });
const issuedSchema = z.object({ token: z.string() });
const problemSchema = z.object({ code: z.string(), detail: z.string() });

/** Credentials of a caller that is a service. */
export interface Credentials {
  /** A function key. */
  key?: string | undefined;
  /** An administrator's token of the identity provider. */
  bearer?: string | undefined;
}

interface QuickstartOptions {
  /** Ends with a slash. */
  api: URL;
  credentials: Credentials;
  showTokens: boolean;
}

/** Creates a user, issues two tokens, revokes them and deletes the user. Prints what the quickstart prints. */
export async function runQuickstart(options: QuickstartOptions): Promise<void> {
  console.log('Azure Communication Services - User Access Tokens Quickstart');

  const created = await call(options, 'create the user', 'POST', 'users', {});
  const id = read(createdSchema, created, 'create the user').user.communicationUserId;
  const path = `users/${encodeURIComponent(id)}`;
  console.log(`\nCreated a user with ID: ${id}`);
  try {
    for (const scope of ['voip', 'chat']) {
      const step = `issue a token with '${scope}' scope`;
      const issued = await call(options, step, 'POST', `${path}/token`, { scopes: [scope] });
      console.log(`\nIssued a token with '${scope}' scope for user with ID: ${id}:`);
      const { token } = read(issuedSchema, issued, step);
      console.log(options.showTokens ? token : '(hidden)');
    }
    await call(options, 'revoke the tokens', 'DELETE', `${path}/token`);
    console.log(`\nSuccessfully revoked all tokens for user with ID: ${id}`);
  } catch (error) {
    await call(options, 'delete the user', 'DELETE', path).catch(() => undefined);
    throw error;
  }
  await call(options, 'delete the user', 'DELETE', path);
  console.log(`\nDeleted the user with ID: ${id}`);
}

async function call(
  { api, credentials: { key, bearer } }: QuickstartOptions,
  step: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(new URL(path, api), {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key === undefined ? {} : { 'x-functions-key': key }),
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(60_000),
  }).catch((error: unknown) => {
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CommandError(`Could not ${step}: no response from ${api.href} (${reason}).`);
  });
  const text = await response.text();
  const responseBody = parseJson(text);
  if (response.ok) return responseBody;

  const problem = problemSchema.safeParse(responseBody).data;
  const why = problem ? `${problem.code}: ${problem.detail}` : hint(response.status);
  throw new CommandError(`Could not ${step}: status ${response.status}, ${why}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hint(status: number): string {
  if (status === 401)
    return 'no code. The Functions host requires a function key: set --key or TOKEN_SERVICE_KEY.';
  if (status === 404) return 'no code. No token service runs at this URL: check --url.';
  return 'no code. The response is not from the token service: check --url.';
}

function read<T>(schema: z.ZodType<T>, body: unknown, step: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CommandError(`Could not ${step}: the response is not from the token service. Check --url.`);
}
