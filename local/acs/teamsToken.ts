import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { AccessToken } from './accessTokens.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { invalidTeamsToken } from './identityServiceError.ts';
import type { teamsRequest } from './requestSchemas.ts';

const entraClaims = z.object({ appid: z.string(), oid: z.string(), exp: z.number() });

/**
 * Exchanges an Entra token of a Teams user for an access token with the same expiry. Does not verify the signature, so
 * that any local issuer works.
 */
export async function exchangeTeamsToken(
  { accessTokens, now }: CommunicationResource,
  { token, appId, userId }: z.output<typeof teamsRequest>,
  accessKey: Buffer | undefined,
): Promise<AccessToken> {
  const { appid, oid, exp } = readClaims(token);
  const expiresAt = exp * 1000;
  if (appid !== appId || oid !== userId || expiresAt <= now()) throw invalidTeamsToken();
  return accessTokens.issue({ holder: `8:orgid:${oid}`, scopes: ['voip'], expiresAt, accessKey });
}

function readClaims(token: string): z.output<typeof entraClaims> {
  try {
    return entraClaims.parse(decodeJwt(token));
  } catch {
    throw invalidTeamsToken();
  }
}
