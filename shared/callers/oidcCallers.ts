import type { HttpRequest } from '@azure/functions';
import { jwtVerify } from 'jose';
import { abortable } from '../azure/deadline.ts';
import { invalidRequest, unauthenticated } from '../errors.ts';
import type { Callers } from './caller.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_SECONDS, rejectUnverifiable, toTokenError } from './bearerToken.ts';
import type { OidcIssuer } from './oidcIssuer.ts';
import { subjectKey } from './subjectKey.ts';
import { callerOf, type TokenClaimRules } from './tokenClaims.ts';
import { VerifiedTokens } from './verifiedTokens.ts';

/** In characters; real tokens are far shorter. */
const MAX_TOKEN_LENGTH = 16 * 1024;

export interface OidcSettings extends TokenClaimRules {
  audience: string;
}

/** Identifies callers by a bearer token of the app's own identity provider. */
export function oidcCallers(settings: OidcSettings, issuer: OidcIssuer): Callers {
  const { subjectClaim } = settings;
  const verifiedTokens = new VerifiedTokens();

  const verify = async (token: string, signal: AbortSignal) => {
    const verified = abortable(
      signal,
      jwtVerify(token, issuer.keyFinder(signal), {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', subjectClaim],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      }),
    );
    const { payload } = await verified.catch((error: unknown) => {
      throw toTokenError(error, subjectClaim);
    });
    return payload;
  };

  return {
    async identify(request, signal) {
      const token = readBearer(request);
      const known = verifiedTokens.find(token);
      if (known === undefined) rejectUnverifiable(token, settings.issuer);
      // Taken before the verification, which can fetch newer ones: a token is never kept with keys that lack its own.
      const keys = await issuer.keys(signal);
      if (known?.keys === keys) return known.caller;
      const payload = await verify(token, signal);
      const caller = callerOf(payload, settings);
      verifiedTokens.add(token, { caller, keys, expiresAt: Number(payload.exp) * 1000 });
      return caller;
    },
    endUser({ subject, tenantId }) {
      // An object id of Entra ID is unique only within its tenant.
      const needsTenant = subjectClaim === 'oid';
      if (needsTenant && tenantId === undefined) {
        throw invalidRequest({ path: 'tenantId', message: 'is required, because OIDC_SUBJECT_CLAIM is oid' });
      }
      if (!needsTenant && tenantId !== undefined) {
        throw invalidRequest({
          path: 'tenantId',
          message: 'is only for services with OIDC_SUBJECT_CLAIM=oid',
        });
      }
      const names = tenantId === undefined ? [subject] : [tenantId, subject];
      return { kind: 'user', subject: subjectKey(settings.issuer, ...names) };
    },
  };
}

function readBearer(request: HttpRequest): string {
  const header = request.headers.get('authorization');
  if (header === null) throw unauthenticated();
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw unauthenticated('The Authorization header must be one bearer token.');
  if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated('The token is too long.');
  return token;
}
