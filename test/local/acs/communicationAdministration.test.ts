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
  acs.requests.reset();
  acs.faults.clear();
});

afterAll(() => acs.close());

test("runs Microsoft's quickstart of 2020 unchanged", async () => {
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
  expect(acs.requests.toJSON()).toEqual({ createUser: 1, issueToken: 2, revokeTokens: 1, deleteUser: 1 });
  expect(acs.identities.count).toBe(0);
});

test('revokes the tokens issued before the time in the request', async () => {
  const user = await client.createUser();
  const { token } = await client.issueToken(user, ['chat']);

  await client.revokeTokens(user, new Date(Date.now() - 60_000));
  const validAfterEarlierTime = await acs.isTokenValid(token);
  await client.revokeTokens(user);
  const { token: next } = await client.issueToken(user, ['chat']);

  expect(validAfterEarlierTime).toBe(true);
  expect(await acs.isTokenValid(token)).toBe(false);
  expect(await acs.isTokenValid(next)).toBe(true);
});

test('returns errors that the preview SDK shows as raw body', async () => {
  const user = await client.createUser();
  await client.deleteUser(user);

  const refused = await client.issueToken(user, ['chat']).catch((error: unknown) => error as Error);

  expect(refused).toMatchObject({ statusCode: 404, code: undefined });
  expect(JSON.parse((refused as Error).message)).toEqual({
    error: { code: 'IdentityNotFound', message: "Provided identity doesn't exist." },
  });
});

test('serves the retry of the preview SDK after a 500', async () => {
  acs.faults.arm({ operation: 'createUser', status: 500 });

  const { communicationUserId } = await client.createUser();

  expect(acs.identities.has(communicationUserId)).toBe(true);
  expect(acs.requests.toJSON()).toEqual({ createUser: 2 });
});
