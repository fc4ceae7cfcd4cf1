import { CommunicationIdentityClient } from '@azure/communication-identity';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import tls from 'node:tls';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { createCertificates } from '../../../local/certificates.ts';
import { connect } from './connect.ts';
import { refusal, send } from './signedRequest.ts';

const originalCertificates = tls.getCACertificates();
const scopesAskedFor: (string | string[])[] = [];

let acs: AcsEmulator;
let secureUrl: string;

beforeAll(async () => {
  const { ca, server } = await createCertificates();
  tls.setDefaultCACertificates([...originalCertificates, ca]);
  acs = await startAcsEmulator({ certificate: server, bearer: (token) => token === 'good' });
  secureUrl = acs.secureUrl ?? '';
});

beforeEach(() => {
  acs.seen.reset();
  scopesAskedFor.length = 0;
});

afterAll(async () => {
  tls.setDefaultCACertificates(originalCertificates);
  await acs.close();
});

function connectKeyless(url: string, token: string): CommunicationIdentityClient {
  const credential = {
    getToken(scopes: string | string[]) {
      scopesAskedFor.push(scopes);
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  return new CommunicationIdentityClient(url, credential, { allowInsecureConnection: true });
}

test('serves a token credential over TLS', async () => {
  const client = connectKeyless(secureUrl, 'good');

  const { user, token } = await client.createUserAndToken(['chat']);

  expect(scopesAskedFor.flat()).toEqual(['https://communication.azure.com//.default']);
  expect(acs.identities.has(user.communicationUserId)).toBe(true);
  expect(await acs.isTokenValid(token)).toBe(true);
});

test('serves the same identities over both listeners', async () => {
  const user = await connectKeyless(secureUrl, 'good').createUser();

  const { token } = await connect(acs).getToken(user, ['voip']);

  expect(await acs.isTokenValid(token)).toBe(true);
});

test('serves a connection string over TLS', async () => {
  const connectionString = acs.connectionString().replace(acs.url, secureUrl);

  const { communicationUserId } = await new CommunicationIdentityClient(connectionString).createUser();

  expect(acs.identities.has(communicationUserId)).toBe(true);
});

test('refuses a bearer token that the judge refuses', async () => {
  const client = connectKeyless(secureUrl, 'bad');

  await expect(client.createUser()).rejects.toMatchObject({ statusCode: 401, code: 'Denied' });
  expect(acs.seen.toJSON()).toEqual({ createUser: 1 });
});

test('is not even asked by an SDK that would have to send a bearer token over http', async () => {
  const client = connectKeyless(acs.url, 'good');

  await expect(client.createUser()).rejects.toThrow('not permitted for non-TLS protected');
  expect(acs.seen.toJSON()).toEqual({});
});

test('refuses a good bearer token over http', async () => {
  const target = '/identities?api-version=2023-10-01';

  const reply = await send(acs.url, { Authorization: 'Bearer good' }, { target });

  expect(reply).toMatchObject(refusal(401, 'Denied'));
});

test('keeps the tokens of keyless callers when both access keys are regenerated', async () => {
  const { token } = await connectKeyless(secureUrl, 'good').createUserAndToken(['chat']);

  acs.accessKeys.regenerate('primary');
  acs.accessKeys.regenerate('secondary');

  expect(await acs.isTokenValid(token)).toBe(true);
});
