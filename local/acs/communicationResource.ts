import { AccessKeys } from './accessKeys.ts';
import { AccessTokens } from './accessTokens.ts';
import { Identities } from './identities.ts';
import { ServiceLimits } from './serviceLimits.ts';
import { TokenSigner } from './tokenSigner.ts';

/** Whether a bearer token may use the resource. */
export type BearerCheck = (token: string) => boolean | Promise<boolean>;

/** The state of one Communication Services resource. */
export interface CommunicationResource {
  accessKeys: AccessKeys;
  identities: Identities;
  accessTokens: AccessTokens;
  serviceLimits: ServiceLimits;
  acceptsBearer: BearerCheck;
  /** The lifetime of every token of a communication user; undefined for the requested one. */
  tokenLifetimeSeconds: number | undefined;
  /** Epoch milliseconds by the service's clock. */
  now: () => number;
}

/** Creates a resource without identities. */
export async function createResource(
  now: () => number,
  acceptsBearer: BearerCheck,
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
    tokenLifetimeSeconds: undefined,
    now,
  };
}
