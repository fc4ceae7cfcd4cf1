import { createRequest, tokenRequest } from './schemas.ts';

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

/** What an API version of the identity service understands. */
export type ApiVersion = ReturnType<typeof version>;

const joinScopes = ['chat.join', 'chat.join.limited', 'voip.join'];

/** The version of `@azure/communication-administration`, and those of `@azure/communication-identity` 1.0 to 1.3. */
export const apiVersions: ReadonlyMap<string, ApiVersion> = new Map([
  ['2020-07-20-preview2', version('preview', ['chat', 'voip', 'pstn'])],
  ['2021-03-07', version('ga', ['chat', 'voip'])],
  ['2022-06-01', version('ga', ['chat', 'voip'], { teams: true })],
  ['2022-10-01', version('ga', ['chat', 'voip'], { teams: true, customExpiry: true })],
  ['2023-10-01', version('ga', ['chat', 'voip', ...joinScopes], { teams: true, customExpiry: true })],
]);
