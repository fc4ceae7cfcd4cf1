import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { AccessToken } from './accessTokens.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { invalid, invalidTeamsToken } from './identityServiceError.ts';
import type { TeamsRequest } from './requestSchemas.ts';

/** Tokens of Entra ID's version 1 name the application in `appid`, those of version 2 in `azp`. */
const entraClaims = z
  .object({
    appid: z.string().optional(),
    azp: z.string().optional(),
    oid: z.string(),
    tid: z.string().optional(),
    exp: z.number(),
  })
  .transform(({ appid, azp, ...claims }) => ({ ...claims, application: appid ?? azp }));

/**
 * Exchanges an Entra token of a Teams user for an access token with the same expiry. Does not verify the signature, so
 * that any local issuer works.
 */
export async function exchangeTeamsToken(
  { accessTokens, now }: CommunicationResource,
  { token, appId, userId }: TeamsRequest,
  accessKey: Buffer | undefined,
): Promise<AccessToken> {
  const { application, oid, tid, exp } = readClaims(token);
  const expiresAt = exp * 1000;
  if (application === undefined || expiresAt <= now()) throw invalidTeamsToken();
  if (appId !== undefined) {
    if (!isGuid(appId)) throw invalid('appId', 'Provided AppId has invalid format.');
    if (!isSame(appId, application)) throw invalid('appId', 'AAD application is not the expected one.');
  }
  if (userId !== undefined) {
    if (!isGuid(userId)) throw invalid('userId', 'Provided UserId has invalid format.');
    if (!isSame(userId, oid)) throw invalid('userId', 'Provided AAD token issued for unexpected user.');
  }
  return accessTokens.issue({
    holder: `8:orgid:${oid}`,
    scopes: ['voip'],
    expiresAt,
    accessKey,
    tenantId: tid,
  });
}

function readClaims(token: string): z.output<typeof entraClaims> {
  try {
    return entraClaims.parse(decodeJwt(token));
  } catch {
    throw invalidTeamsToken();
  }
}

function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function isSame(guid: string, claim: string): boolean {
  return guid.toLowerCase() === claim.toLowerCase();
}
