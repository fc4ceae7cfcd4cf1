import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { runCommand } from './command.ts';

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({ app: '.', port: 0, enableAuth: true });
});
afterAll(() => service.stop());

const quickstart = (...args: string[]) => quickstartWith({}, ...args);
const quickstartWith = (env: Record<string, string>, ...args: string[]) =>
  runCommand('tools/quickstart.ts', args, { TOKEN_SERVICE_KEY: '', TOKEN_SERVICE_BEARER: '', ...env });
const key = () => service.listing?.functionKey ?? '';

const id = '8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}';
const token = 'ey[\\w-]+\\.[\\w-]+\\.[\\w-]+';
const conversation = new RegExp(
  [
    '^Azure Communication Services - User Access Tokens Quickstart',
    `Created a user with ID: (${id})`,
    `Issued a token with 'voip' scope for user with ID: \\1:\n${token}`,
    `Issued a token with 'chat' scope for user with ID: \\1:\n${token}`,
    'Successfully revoked all tokens for user with ID: \\1',
    'Deleted the user with ID: \\1\n$',
  ].join('\n\n'),
);

test('starts a service of its own and prints what the quickstart prints', async () => {
  const command = quickstart();

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
});

test.each(['', '/', '/api', '/api/'])('talks to a running service at its URL with "%s"', async (path) => {
  const command = quickstart('--url', `${service.url}${path}`, '--key', key());

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
  expect(service.azure.acs.identities.count).toBe(0);
});

test('names the step, the status and the code of a failure, and leaves no user behind', async () => {
  service.azure.acs.faults.arm({ operation: 'revokeTokens', status: 429, retryAfter: '30' });

  const command = quickstart('--url', service.url, '--key', key());

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not revoke the tokens: status 429, too_many_requests: ');
  expect(service.azure.acs.identities.count).toBe(0);
});

test('asks for a key when the host wants one', async () => {
  const command = quickstart('--url', service.url, '--key', 'wrong');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not create the user: status 401, no code: ');
  expect(command.output()).toContain('--key');
});

test('takes the key from the environment, without the line end that a shell may leave on it', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: `${key()}\r\n` }, '--url', service.url);

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
});

test('prefers the key on the command line to the one in the environment', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: 'wrong' }, '--url', service.url, '--key', key());

  expect(await command.ended).toBe(0);
});

test('refuses a key that no header can hold, and does not repeat it', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: 'half a\nsecret' }, '--url', service.url);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('the key has characters that none has. See --help.');
  expect(command.output()).not.toContain('secret');
});

test('leaves the tokens out with --hide-tokens', async () => {
  const command = quickstart('--url', service.url, '--key', key(), '--hide-tokens');

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('Deleted the user with ID: ');
  expect(command.output()).not.toMatch(new RegExp(token));
});

describe('where callers sign in', () => {
  let signedIn: LocalService;
  let bearer: string;
  beforeAll(async () => {
    signedIn = await startLocalService({ app: '.', port: 0, callers: 'oidc' });
    bearer = (await signedIn.signIn?.provider.tokenFor('admin')) ?? '';
  });
  afterAll(() => signedIn.stop());

  test.each(['--bearer', 'TOKEN_SERVICE_BEARER'])("takes an administrator's token from %s", async (from) => {
    const command = from.startsWith('--')
      ? quickstart('--url', signedIn.url, from, bearer)
      : quickstartWith({ [from]: bearer }, '--url', signedIn.url);

    expect(await command.ended).toBe(0);
    expect(command.output()).toMatch(conversation);
    expect(command.output()).not.toContain(bearer);
    expect(signedIn.azure.acs.identities.count).toBe(0);
  });

  test('names the code when there is no token', async () => {
    const command = quickstart('--url', signedIn.url);

    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('Could not create the user: status 401, unauthenticated: ');
  });
});

test('says when nothing answers', async () => {
  const command = quickstart('--url', 'http://127.0.0.1:9');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not create the user: http://127.0.0.1:9/api/ does not answer');
});

test.each([
  ['--url', 'nonsense'],
  ['--url', 'http://contoso.example'],
  ['--urll', 'x'],
])('refuses %s %s with exit code 2', async (...args) => {
  const command = quickstart(...args);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('See --help.');
});
