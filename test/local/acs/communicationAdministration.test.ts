import { CommunicationIdentityClient } from '@azure/communication-administration';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';

let acs: AcsEmulator;
let client: CommunicationIdentityClient;

beforeAll(async () => {
  acs = await startAcsEmulator();
  client = new CommunicationIdentityClient(acs.connectionString());
});

beforeEach(() => {
  acs.seen.reset();
  acs.faults.clear();
});

afterAll(() => acs.close());

test("Microsoft's quickstart of 2020 runs as it was written", async () => {
  const program = path.join(__dirname, 'quickstartProgram.ts');
  const env = { ...process.env, COMMUNICATION_SERVICES_CONNECTION_STRING: acs.connectionString() };

  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });

  const id = `8:acs:${acs.identities.resourceId}_[0-9a-f-]{36}`;
  const issued = (scope: string) => `Issued a token with '${scope}' scope that expires at [^\\n]+:\\n[^\\n]+`;
  const lines = [
    'Azure Communication Services - Access Tokens Quickstart\\n',
    `Created a user with ID: (?<id>${id})\\n`,
    `${issued('voip')}\\n`,
    `${issued('chat')}\\n`,
    'Successfully revoked all tokens for user with ID: \\k<id>\\n',
    'Deleted the user with ID: \\k<id>\\n',
  ];
  expect(stdout).toMatch(new RegExp(`^${lines.join('\\n')}$`));
  expect(acs.seen.toJSON()).toEqual({ createUser: 1, issueToken: 2, revokeTokens: 1, deleteUser: 1 });
  expect(acs.identities.count).toBe(0);
});

test.each(['chat', 'voip', 'pstn'] as const)(
  'issues the preview a token with the scope %s',
  async (scope) => {
    const user = await client.createUser();

    const { token, user: holder } = await client.issueToken(user, [scope]);

    expect(holder.communicationUserId).toBe(user.communicationUserId);
    expect(await acs.isTokenValid(token)).toBe(true);
  },
);

test('revokes what was issued before the moment that the preview names', async () => {
  const user = await client.createUser();
  const { token } = await client.issueToken(user, ['chat']);

  await client.revokeTokens(user, new Date(Date.now() - 60_000));
  const validBeforeItsTurn = await acs.isTokenValid(token);
  await client.revokeTokens(user);
  const { token: next } = await client.issueToken(user, ['chat']);

  expect(validBeforeItsTurn).toBe(true);
  expect(await acs.isTokenValid(token)).toBe(false);
  expect(await acs.isTokenValid(next)).toBe(true);
});

test('tells the preview the error in the raw body', async () => {
  const user = await client.createUser();
  await client.deleteUser(user);

  const refused = await client.issueToken(user, ['chat']).catch((error: unknown) => error as Error);

  expect(refused).toMatchObject({ statusCode: 404, code: undefined });
  expect(JSON.parse((refused as Error).message)).toEqual({
    error: { code: 'IdentityNotFound', message: "Provided identity doesn't exist." },
  });
});

test('the preview repeats at once what a failing service did not answer', async () => {
  acs.faults.arm({ operation: 'createUser', status: 500 });

  const { communicationUserId } = await client.createUser();

  expect(acs.identities.has(communicationUserId)).toBe(true);
  expect(acs.seen.toJSON()).toEqual({ createUser: 2 });
});
