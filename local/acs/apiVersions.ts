import { createRequest, teamsRequest, tokenRequest } from './requestSchemas.ts';

interface Features {
  /** Whether a request can set the expiry. */
  customExpiry?: boolean;
  /** The Teams exchange: with the token only, or also with the application and the user. */
  teams?: 'token' | 'application and user';
}

const version = (
  shape: 'preview' | 'ga',
  scopes: readonly string[],
  { customExpiry = false, teams }: Features = {},
) => ({
  shape,
  tokenRequest: tokenRequest({ scopes, customExpiry }),
  createRequest: createRequest({ scopes, customExpiry }),
  exchangesTeamsTokens: teams !== undefined,
  teamsRequest: teamsRequest({ checksUser: teams === 'application and user' }),
});

/** The operations, scopes and fields of one API version. */
export type ApiVersion = ReturnType<typeof version>;

const teams = 'application and user';
const scopes = ['chat', 'voip'];
const joinScopes = ['chat.join', 'chat.join.limited', 'voip.join'];

const latest = () => version('ga', [...scopes, ...joinScopes], { customExpiry: true, teams });

/** Every version that ACS lists in recordings, and the stable ones that follow. */
export const apiVersions: ReadonlyMap<string, ApiVersion> = new Map([
  ['2020-07-20-preview2', version('preview', [...scopes, 'pstn'])],
  ['2021-02-22-preview1', version('ga', scopes)],
  ['2021-03-07', version('ga', scopes)],
  ['2021-10-31-preview', version('ga', scopes, { teams: 'token' })],
  ['2021-11-01', version('ga', scopes)],
  ['2022-06-01', version('ga', scopes, { teams })],
  ['2022-10-01', version('ga', scopes, { customExpiry: true, teams })],
  ['2023-08-01', latest()],
  ['2023-10-01', latest()],
  ['2025-06-30', latest()],
  ['2026-07-22', latest()],
  ['2026-09-23', latest()],
]);

/** The versions that ACS lists for a path. */
export function supportedVersions(path: string): string[] {
  const names = [...apiVersions.keys()];
  if (!path.startsWith('/teamsUser/')) return names;
  return names.filter((name) => apiVersions.get(name)?.exchangesTeamsTokens);
}
