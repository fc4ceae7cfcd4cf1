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

test('without --url it starts a service and prints what the quickstart prints', async () => {
  const command = quickstart();

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
});

test.each(['', '/', '/api', '/api/'])('calls a running service at its URL with "%s"', async (path) => {
  const command = quickstart('--url', `${service.url}${path}`, '--key', key());

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
  expect(service.azure.acs.identities.count).toBe(0);
});

test('names the step, status and code of a failure, and deletes the user', async () => {
  service.azure.acs.faults.arm({ operation: 'revokeTokens', status: 503, retryAfter: '30' });

  const command = quickstart('--url', service.url, '--key', key());

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not revoke the tokens: status 503, upstream_unavailable: ');
  expect(service.azure.acs.identities.count).toBe(0);
});

test('asks for a key when the host rejects the request', async () => {
  const command = quickstart('--url', service.url, '--key', 'wrong');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not create the user: status 401, no code.');
  expect(command.output()).toContain('--key');
});

test('reads the key from the environment and trims it', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: `${key()}\r\n` }, '--url', service.url);

  expect(await command.ended).toBe(0);
  expect(command.output()).toMatch(conversation);
});

test('prefers --key to TOKEN_SERVICE_KEY', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: 'wrong' }, '--url', service.url, '--key', key());

  expect(await command.ended).toBe(0);
});

test('rejects a key that is no header value, and does not print it', async () => {
  const command = quickstartWith({ TOKEN_SERVICE_KEY: 'half a\nsecret' }, '--url', service.url);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain(
    'the key contains characters that are not allowed in an HTTP header. See --help.',
  );
  expect(command.output()).not.toContain('secret');
});

test('does not print the tokens with --hide-tokens', async () => {
  const command = quickstart('--url', service.url, '--key', key(), '--hide-tokens');

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('Deleted the user with ID: ');
  expect(command.output()).not.toMatch(new RegExp(token));
});

describe('with CALLER_AUTH=oidc', () => {
  let signedIn: LocalService;
  let bearer: string;
  beforeAll(async () => {
    signedIn = await startLocalService({ app: '.', port: 0, callers: 'oidc' });
    bearer = (await signedIn.signIn?.provider.tokenFor('admin')) ?? '';
  });
  afterAll(() => signedIn.stop());

  test.each(['--bearer', 'TOKEN_SERVICE_BEARER'])("reads an administrator's token from %s", async (from) => {
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

test('names the URL when there is no response', async () => {
  const command = quickstart('--url', 'http://127.0.0.1:9');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain('Could not create the user: no response from http://127.0.0.1:9/api/');
});

test.each([
  ['--url', 'nonsense'],
  ['--url', 'http://contoso.example'],
  ['--urll', 'x'],
])('exits with 2 for %s %s', async (...args) => {
  const command = quickstart(...args);

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('See --help.');
});
