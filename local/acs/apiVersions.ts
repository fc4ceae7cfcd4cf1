import { createRequest, tokenRequest } from './requestSchemas.ts';

const version = (
  shape: 'preview' | 'ga',
  scopes: readonly string[],
  { customExpiry = false, teams = false } = {},
) => ({
  shape,
  teams,
  tokenRequest: tokenRequest({ scopes, customExpiry }),
  createRequest: createRequest({ scopes, customExpiry }),
});

/** The operations, scopes and fields of one API version. */
export type ApiVersion = ReturnType<typeof version>;

const joinScopes = ['chat.join', 'chat.join.limited', 'voip.join'];

/** The API versions of `@azure/communication-administration` and of `@azure/communication-identity` 1.0 to 1.3. */
export const apiVersions: ReadonlyMap<string, ApiVersion> = new Map([
  ['2020-07-20-preview2', version('preview', ['chat', 'voip', 'pstn'])],
  ['2021-03-07', version('ga', ['chat', 'voip'])],
  ['2022-06-01', version('ga', ['chat', 'voip'], { teams: true })],
  ['2022-10-01', version('ga', ['chat', 'voip'], { teams: true, customExpiry: true })],
  ['2023-10-01', version('ga', ['chat', 'voip', ...joinScopes], { teams: true, customExpiry: true })],
]);
