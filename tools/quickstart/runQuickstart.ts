import * as z from 'zod';
import { CommandError } from '../commandLine.ts';

const createdSchema = z.object({ user: z.object({ communicationUserId: z.string() }) });
const issuedSchema = z.object({ token: z.string() });
const problemSchema = z.object({ code: z.string(), detail: z.string() });

/** What the service asks of a caller that is a service. */
export interface Credentials {
  /** A function key. */
  key?: string | undefined;
  /** An administrator's token of the identity provider. */
  bearer?: string | undefined;
}

interface Conversation {
  /** With a trailing slash. */
  api: URL;
  credentials: Credentials;
  showTokens: boolean;
}

/** Creates a user, issues it two tokens, revokes them and deletes it, telling each as the quickstart does. */
export async function converse(service: Conversation): Promise<void> {
  console.log('Azure Communication Services - User Access Tokens Quickstart');

  const created = await call(service, 'create the user', 'POST', 'users', {});
  const id = read(createdSchema, created, 'create the user').user.communicationUserId;
  const path = `users/${encodeURIComponent(id)}`;
  console.log(`\nCreated a user with ID: ${id}`);
  try {
    for (const scope of ['voip', 'chat']) {
      const step = `issue a token with '${scope}' scope`;
      const issued = await call(service, step, 'POST', `${path}/token`, { scopes: [scope] });
      console.log(`\nIssued a token with '${scope}' scope for user with ID: ${id}:`);
      const { token } = read(issuedSchema, issued, step);
      console.log(service.showTokens ? token : '(hidden)');
    }
    await call(service, 'revoke the tokens', 'DELETE', `${path}/token`);
    console.log(`\nSuccessfully revoked all tokens for user with ID: ${id}`);
  } catch (error) {
    await call(service, 'delete the user', 'DELETE', path).catch(() => undefined);
    throw error;
  }
  await call(service, 'delete the user', 'DELETE', path);
  console.log(`\nDeleted the user with ID: ${id}`);
}

async function call(
  { api, credentials: { key, bearer } }: Conversation,
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
    throw new CommandError(`Could not ${step}: ${api.href} does not answer (${reason}).`);
  });
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) return answer;

  const problem = problemSchema.safeParse(answer).data;
  const why = problem ? `${problem.code}: ${problem.detail}` : hint(response.status);
  throw new CommandError(`Could not ${step}: status ${response.status}, ${why}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hint(status: number): string {
  if (status === 401) return 'no code: the Functions host wants a function key (--key or TOKEN_SERVICE_KEY).';
  if (status === 404) return 'no code: there is no token service at this URL.';
  return 'no code: the answer is not from the token service.';
}

function read<T>(schema: z.ZodType<T>, answer: unknown, step: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CommandError(`Could not ${step}: the answer is not from the token service.`);
}
