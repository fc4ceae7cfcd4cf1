import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { type AcsEmulator, startAcsEmulator } from '../../../local/acs/acsEmulator.ts';
import { send } from './signedRequest.ts';

// The expected responses are recordings of the service, in the repositories of the Azure SDKs for .NET and Python.

const appId = 'c2f1a7f0-0b0e-4e3e-9d0c-6f4b1f0a9c11';
const userId = '5f3b4e9a-3d4c-4a0d-8a3f-0f6f6f6c2b22';
const other = '81e78ca8-ade5-4998-9c05-1e17f850fcfe';
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

const identityVersions =
  '2020-07-20-preview2, 2021-02-22-preview1, 2021-03-07, 2021-10-31-preview, 2021-11-01, 2022-06-01, 2022-10-01';
const teamsVersions = '2021-10-31-preview, 2022-06-01, 2022-10-01';

let acs: AcsEmulator;
let key: string;
let id: string;

beforeAll(async () => {
  acs = await startAcsEmulator();
  key = acs.accessKeys.base64('primary');
  id = acs.identities.create();
});

afterAll(() => acs.close());

const entraToken = (claims: Record<string, unknown> = {}) =>
  new UnsecuredJWT({ appid: appId, oid: userId, exp: inAnHour, ...claims }).encode();

const teams = (body: Record<string, string> = {}) => ({
  target: '/teamsUser/:exchangeAccessToken?api-version=2022-10-01',
  body: { token: entraToken(), appId, userId, ...body },
});

const issue = (body: unknown) => ({
  target: () => `/identities/${id}/:issueAccessToken?api-version=2022-10-01`,
  body,
});

const create = (body: unknown) => ({ target: '/identities?api-version=2022-10-01', body });

const validationError = (target: string, message: string) => ({ code: 'ValidationError', message, target });

const invalidAccessToken = { code: 'InvalidAccessToken', message: 'Provided access token is not valid.' };

interface Recording {
  case: string;
  request: { method?: string; target: string | (() => string); body?: unknown };
  status: number;
  error?: object;
  /** How `api-supported-versions` starts; undefined when the response does not have it. */
  versions?: string;
}

test.each<Recording>([
  {
    case: 'a Teams exchange',
    request: teams(),
    status: 200,
    versions: teamsVersions,
  },
  {
    case: 'a Teams exchange with an empty token',
    request: teams({ token: '' }),
    status: 401,
    error: invalidAccessToken,
  },
  {
    case: 'a Teams exchange with a malformed token',
    request: teams({ token: 'invalid' }),
    status: 401,
    error: invalidAccessToken,
  },
  {
    case: 'a Teams exchange with an expired token',
    request: teams({ token: entraToken({ exp: 1 }) }),
    status: 401,
    error: invalidAccessToken,
  },
  {
    case: 'a Teams exchange with an empty appId',
    request: teams({ appId: '' }),
    status: 400,
    error: validationError('AppId', 'AppId: The AppId field is required.'),
  },
  {
    case: 'a Teams exchange with an appId that is not a GUID',
    request: teams({ appId: 'invalid' }),
    status: 400,
    error: validationError('appId', 'Provided AppId has invalid format.'),
    versions: teamsVersions,
  },
  {
    case: 'a Teams exchange with the appId of another application',
    request: teams({ appId: other }),
    status: 400,
    error: validationError('appId', 'AAD application is not the expected one.'),
    versions: teamsVersions,
  },
  {
    case: 'a Teams exchange with an empty userId',
    request: teams({ userId: '' }),
    status: 400,
    error: validationError('UserId', 'UserId: The UserId field is required.'),
  },
  {
    case: 'a Teams exchange with a userId that is not a GUID',
    request: teams({ userId: 'invalid' }),
    status: 400,
    error: validationError('userId', 'Provided UserId has invalid format.'),
    versions: teamsVersions,
  },
  {
    case: 'a Teams exchange with the userId of another user',
    request: teams({ userId: other }),
    status: 400,
    error: validationError('userId', 'Provided AAD token issued for unexpected user.'),
    versions: teamsVersions,
  },
  {
    case: 'a token request with scopes []',
    request: issue({ scopes: [] }),
    status: 400,
    error: validationError('scopes', 'Invalid scopes - Scopes field is required.'),
    versions: identityVersions,
  },
  {
    case: 'a token request with scopes null',
    request: issue({ scopes: null }),
    status: 400,
    error: validationError('Scopes', 'Scopes: The Scopes field is required.'),
  },
  {
    case: 'a token request with an expiry that is too short',
    request: issue({ scopes: ['chat'], expiresInMinutes: 59 }),
    status: 400,
    error: validationError(
      'ExpiresInMinutes',
      'ExpiresInMinutes value 59 is invalid. Value must be within the [60, 1440] interval.',
    ),
    versions: identityVersions,
  },
  {
    case: 'a new identity with createTokenWithScopes null',
    request: create({ createTokenWithScopes: null }),
    status: 201,
    versions: identityVersions,
  },
  {
    case: 'an identity of another resource',
    request: { method: 'DELETE', target: `/identities/8:acs:${other}_${other}?api-version=2022-10-01` },
    status: 401,
    error: { code: 'IdentityNotOwned', message: "Provided identity doesn't belong to the resource." },
    versions: identityVersions,
  },
])('answers $case as recorded', async ({ request, status, error, versions }) => {
  const target = typeof request.target === 'string' ? request.target : request.target();

  const reply = await send(acs.url, key, { ...request, target });

  const supported = reply.headers.get('api-supported-versions');
  expect(reply.status).toBe(status);
  if (error !== undefined) expect(reply.body).toEqual({ error });
  expect(supported?.slice(0, versions?.length)).toBe(versions);
});

test('answers a preview PATCH without api-version with 204', async () => {
  const request = { method: 'PATCH', target: `/identities/${id}`, body: { tokensValidFrom: new Date(0) } };

  const { status } = await send(acs.url, key, request);

  expect(status).toBe(204);
});
