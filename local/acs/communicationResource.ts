import { AccessKeys } from './accessKeys.ts';
import { AccessTokens } from './userTokens.ts';
import { Identities } from './identities.ts';
import { ServiceLimits } from './serviceLimits.ts';
import { TokenSigner } from './tokenSigner.ts';

/** How bearer tokens are judged. */
export type BearerJudge = (token: string) => boolean | Promise<boolean>;

/** One Communication Services resource and all that belongs to it. */
export interface CommunicationResource {
  accessKeys: AccessKeys;
  identities: Identities;
  accessTokens: AccessTokens;
  serviceLimits: ServiceLimits;
  acceptsBearer: BearerJudge;
  /** Epoch milliseconds by the service's clock. */
  now: () => number;
}

export async function createResource(
  now: () => number,
  acceptsBearer: BearerJudge,
  limits: boolean,
): Promise<CommunicationResource> {
  const accessKeys = new AccessKeys();
  const identities = new Identities();
  return {
    accessKeys,
    identities,
    accessTokens: new AccessTokens(await TokenSigner.create(), identities.resourceId, now, () =>
      accessKeys.current(),
    ),
    serviceLimits: new ServiceLimits(now, limits),
    acceptsBearer,
    now,
  };
}
