import type { AcsEmulator } from '../../local/acs/acsEmulator.ts';

/** A bearer token: rejected with 401, or without the scope that the service requires. */
export type Bearer = 'valid' | 'rejected' | 'without the scope';

/** One situation, and what every client must do in it. */
export interface ClientCase {
  title: string;
  /** By default a valid one. */
  bearer?: Bearer;
  renewedBearer?: Bearer;
  calls?: number;
  rounds?: number;
  serviceIsDown?: boolean;
  /** For the clients that run with the credential of the SDK: waits for its refresh of a token that lives this long. */
  refreshOfTokenFor?: number;
  faults?: Parameters<AcsEmulator['faults']['arm']>[0][];
  /** What the service answered: the requests of the client. */
  statuses: number[];
  /** The code of the problem that the client gives up with. */
  code?: string;
}

/** Longer than the deadline of the service, so that the service does not wait itself. */
const RETRY_AFTER = '10';

export const cases: ClientCase[] = [
  { title: 'gets a token', statuses: [200] },
  {
    // An earlier request would be a second 429: the service sends none to ACS before this time.
    title: 'waits for Retry-After when throttled',
    faults: [{ operation: 'createUserAndToken', status: 429, retryAfter: RETRY_AFTER }],
    statuses: [429, 200],
  },
  {
    title: 'tries again after an outage',
    faults: [{ operation: 'createUserAndToken', status: 503 }],
    statuses: [503, 200],
  },
  { title: 'refreshes ahead of expiry', refreshOfTokenFor: 20, statuses: [200, 200] },
  { title: 'signs in again once', bearer: 'rejected', statuses: [401, 200] },
  {
    title: 'gives up when signing in again does not help',
    bearer: 'rejected',
    renewedBearer: 'rejected',
    statuses: [401, 401],
    code: 'unauthenticated',
  },
  {
    title: 'does not repeat what is forbidden, not even when it is called again',
    bearer: 'without the scope',
    rounds: 2,
    statuses: [403],
    code: 'forbidden',
  },
  {
    title: 'shares one request among ten calls at once',
    calls: 10,
    faults: [{ operation: 'createUserAndToken', delayMs: 1500 }],
    statuses: [200],
  },
  {
    title: 'gives up after four requests, and sends none when it is called again at once',
    rounds: 2,
    faults: [{ operation: 'createUserAndToken', status: 503, times: 100 }],
    statuses: [503, 503, 503, 503],
    code: 'upstream_unavailable',
  },
  {
    // The first token comes with the user. A Retry-After over the client's limit ends the second refresh at once.
    title: 'keeps a valid token during an outage',
    rounds: 2,
    faults: [{ operation: 'issueToken', status: 503, retryAfter: '60' }],
    statuses: [200, 503],
  },
  { title: 'says that the service cannot be reached', serviceIsDown: true, statuses: [], code: 'offline' },
];

/** The codes of problems that can pass. */
export const retryableCodes: ReadonlySet<string> = new Set(['offline', 'upstream_unavailable']);
