import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../local/service.ts';
import { runCommand } from './command.ts';

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({ app: '.', port: 0, enableAuth: true });
});
afterAll(() => service.stop());

const quickstart = (...args: string[]) => runCommand('local/quickstart.ts', args);
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
