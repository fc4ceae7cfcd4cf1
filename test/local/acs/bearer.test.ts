import { CommunicationIdentityClient } from '@azure/communication-identity';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import tls from 'node:tls';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { createCertificates } from '../../../local/certificates.ts';
import { connect } from './connect.ts';
import { errorResponse, send } from './signedRequest.ts';

const originalCertificates = tls.getCACertificates();
const requestedScopes: (string | string[])[] = [];

let acs: AcsEmulator;
let secureUrl: string;

beforeAll(async () => {
  const { ca, server } = await createCertificates();
  tls.setDefaultCACertificates([...originalCertificates, ca]);
  acs = await startAcsEmulator({ certificate: server, bearer: (token) => token === 'good' });
  secureUrl = acs.secureUrl ?? '';
});

beforeEach(() => {
  acs.requests.reset();
  requestedScopes.length = 0;
});

afterAll(async () => {
  tls.setDefaultCACertificates(originalCertificates);
  await acs.close();
});

function connectKeyless(url: string, token: string): CommunicationIdentityClient {
  const credential = {
    getToken(scopes: string | string[]) {
      requestedScopes.push(scopes);
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  return new CommunicationIdentityClient(url, credential, { allowInsecureConnection: true });
}

test('accepts a token credential over TLS', async () => {
  const client = connectKeyless(secureUrl, 'good');

  const { user, token } = await client.createUserAndToken(['chat']);

  expect(requestedScopes.flat()).toEqual(['https://communication.azure.com//.default']);
  expect(acs.identities.has(user.communicationUserId)).toBe(true);
  expect(await acs.isTokenValid(token)).toBe(true);
});

test('serves the same identities over both listeners', async () => {
  const user = await connectKeyless(secureUrl, 'good').createUser();

  const { token } = await connect(acs).getToken(user, ['voip']);

  expect(await acs.isTokenValid(token)).toBe(true);
});

test('accepts a connection string over TLS', async () => {
  const connectionString = acs.connectionString().replace(acs.url, secureUrl);

  const { communicationUserId } = await new CommunicationIdentityClient(connectionString).createUser();

  expect(acs.identities.has(communicationUserId)).toBe(true);
});

test('rejects a bearer token that the bearer check rejects', async () => {
  const client = connectKeyless(secureUrl, 'bad');

  await expect(client.createUser()).rejects.toMatchObject({ statusCode: 401, code: 'Denied' });
  expect(acs.requests.toJSON()).toEqual({ createUser: 1 });
});

test('rejects a valid bearer token over http', async () => {
  const target = '/identities?api-version=2023-10-01';

  const reply = await send(acs.url, { Authorization: 'Bearer good' }, { target });

  expect(reply).toMatchObject(errorResponse(401, 'Denied'));
});

test('keeps tokens created with a bearer token valid when both access keys are regenerated', async () => {
  const { token } = await connectKeyless(secureUrl, 'good').createUserAndToken(['chat']);

  acs.accessKeys.regenerate('primary');
  acs.accessKeys.regenerate('secondary');

  expect(await acs.isTokenValid(token)).toBe(true);
});
