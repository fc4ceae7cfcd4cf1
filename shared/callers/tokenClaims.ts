import type { JWTPayload } from 'jose';
import * as z from 'zod/mini';
import { ServiceError, unauthenticated } from '../errors.ts';
import { CLOCK_TOLERANCE_SECONDS } from './bearerToken.ts';
import type { Caller } from './caller.ts';
import { subjectKey } from './subjectKey.ts';

export interface TokenClaimRules {
  /** Exactly the `iss` of the tokens. */
  issuer: string;
  /** Who has it in `roles` is a service. */
  adminRole: string;
  subjectClaim: string;
  /** The scopes of which an end user's token needs one; `undefined` when the tokens have no scopes. */
  requiredScopes: readonly string[] | undefined;
  /** The client ids whose tokens are accepted; `undefined` accepts all. */
  allowedClients: readonly string[] | undefined;
}

/** The claims that name the client, as Entra ID (azp, appid), RFC 9068 (client_id) and Okta (cid) write them. */
const CLIENT_CLAIMS = ['azp', 'appid', 'client_id', 'cid'];

/** The caller that a verified token proves. Throws `unauthenticated` or `forbidden`. */
export function callerOf(payload: JWTPayload, rules: TokenClaimRules): Caller {
  if ((payload.iat ?? 0) > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) {
    throw unauthenticated('The token was issued in the future.');
  }
  // An object id of Entra ID is unique only within its tenant.
  const claims = rules.subjectClaim === 'oid' ? ['tid', 'oid'] : [rules.subjectClaim];
  const subject = subjectKey(rules.issuer, ...claims.map((claim) => requireClaim(payload, claim)));
  const clients = clientsOf(payload);
  rejectOtherClients(clients, rules.allowedClients);

  const client = clients[0];
  const roles = payload['roles'];
  if (Array.isArray(roles) && roles.includes(rules.adminRole)) return { kind: 'service', subject, client };
  rejectApplication(payload, clients);
  rejectMissingScope(payload, rules.requiredScopes);
  return { kind: 'user', subject, client, objectId: objectIdOf(payload) };
}

function objectIdOf(payload: JWTPayload): string | undefined {
  return z.guid().safeParse(payload['oid']).data;
}

function requireClaim(payload: JWTPayload, name: string): string {
  const value = payload[name];
  if (typeof value === 'string' && value !== '') return value;
  throw unauthenticated(`The token has no ${name} claim.`);
}

function clientsOf(payload: JWTPayload): string[] {
  return CLIENT_CLAIMS.map((claim) => payload[claim]).filter((value) => typeof value === 'string');
}

function rejectOtherClients(clients: string[], allowed: readonly string[] | undefined): void {
  if (allowed === undefined) return;
  if (clients.length > 0 && clients.every((client) => allowed.includes(client))) return;
  throw new ServiceError('forbidden', 'The token was issued to a client that may not call this service.');
}

/** An application's own token proves no user: any application of a tenant can get one for this audience. */
function rejectApplication(payload: JWTPayload, clients: string[]): void {
  const isApplication =
    payload['idtyp'] === 'app' ||
    payload['gty'] === 'client-credentials' ||
    (payload.sub !== undefined && clients.includes(payload.sub));
  if (!isApplication) return;
  throw new ServiceError(
    'forbidden',
    "This is an application's own token, not a user's. Sign a user in, or give the application the administrator role.",
  );
}

function rejectMissingScope(payload: JWTPayload, required: readonly string[] | undefined): void {
  if (required === undefined) return;
  const held = [payload['scp'], payload['scope']].flatMap((value) => {
    if (typeof value === 'string') return value.split(' ');
    return Array.isArray(value) ? (value as unknown[]) : [];
  });
  if (required.some((scope) => held.includes(scope))) return;
  throw new ServiceError('forbidden', `The token has none of the required scopes: ${required.join(', ')}.`);
}
