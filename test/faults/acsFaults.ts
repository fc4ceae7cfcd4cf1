import type { Answer } from '../shared/support/scriptedServer.ts';
import {
  body,
  close,
  compressedHuge,
  drip,
  endless,
  hang,
  hangAfterHeaders,
  hangInBody,
  html,
  huge,
  noHttp,
  redirect,
  reset,
  resetInBody,
  resetWhileCompressed,
} from './answers.ts';

export type AcsOperation = 'createUser' | 'createUserAndToken' | 'issueToken' | 'revokeTokens' | 'deleteUser';

/** 'ok', or the code of the problem. */
type Outcome = 'ok' | 'invalid_request' | 'too_many_requests' | 'user_not_found' | `upstream_${string}`;

/** A fault of ACS, and what the service makes of it. */
export interface AcsFault {
  name: string;
  /** What ACS answers to every request; absent when it cannot be reached at `endpoint`. */
  answer?: Answer;
  endpoint?: string;
  /** Answers over TLS, with a certificate that nobody trusts. */
  untrusted?: boolean;
  /** For all operations, or by operation. */
  outcome: Outcome | ((operation: AcsOperation) => Outcome);
  /** Seconds; default: anything. */
  retryAfter?: { min: number; max: number };
}

const isCreate = (operation: AcsOperation) => operation.startsWith('create');
const hasNoBody = (operation: AcsOperation) => operation === 'revokeTokens' || operation === 'deleteUser';

/** Nothing that the service says may quote what is in this text. */
export const UPSTREAM_TEXT = 'do-not-repeat-this';
const errorBody = (code: string) => JSON.stringify({ error: { code, message: UPSTREAM_TEXT } });

const CLIENT_ERRORS = [
  400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 428, 429, 431, 451,
];
const SERVER_ERRORS = [500, 501, 502, 503, 504, 505, 507, 511, 599];

function outcomeOf(status: number): Outcome {
  switch (status) {
    case 400:
      return 'invalid_request';
    case 401:
    case 403:
      return 'upstream_rejected';
    case 429:
      return 'too_many_requests';
    default:
      return 'upstream_unavailable';
  }
}

const DEFAULT_SECONDS: Partial<Record<Outcome, number>> = {
  upstream_rejected: 5,
  upstream_unavailable: 2,
  too_many_requests: 30,
};

/** Every form of Retry-After, and the seconds it stands for; undefined when it stands for nothing. */
function retryAfterForms(): [name: string, value: string | undefined, min?: number, max?: number][] {
  return [
    ['none', undefined],
    ['0', '0', 0, 0],
    ['1', '1', 1, 1],
    ['30', '30', 30, 30],
    ['3600', '3600', 3600, 3600],
    ['a past date', new Date(Date.now() - 60_000).toUTCString(), 0, 0],
    ['a future date', new Date(Date.now() + 600_000).toUTCString(), 0, 601],
    ['nonsense', 'in a while'],
    ['negative', '-5'],
  ];
}

/** Each status with each form of Retry-After. */
export const statusFaults: AcsFault[] = [...CLIENT_ERRORS, ...SERVER_ERRORS].flatMap((status) =>
  retryAfterForms().map(([form, value, min, max]): AcsFault => {
    const outcome = outcomeOf(status);
    const byDefault = DEFAULT_SECONDS[outcome];
    const seconds = outcome === 'upstream_rejected' ? undefined : min;
    return {
      name: `${status}, Retry-After ${form}`,
      answer: body(status, errorBody('SomeCode'), value === undefined ? {} : { 'Retry-After': value }),
      outcome,
      ...(byDefault === undefined
        ? {}
        : {
            retryAfter: {
              min: seconds ?? byDefault,
              max: (seconds === undefined ? undefined : max) ?? byDefault,
            },
          }),
    };
  }),
);

const NOWHERE = '8:acs:11111111-2222-3333-4444-555555555555_66666666-7777-8888-9999-000000000000';
const identity = { id: NOWHERE };
const tokenUntil = (expiresOn: unknown) => ({ token: 'ey.ey.x', expiresOn });

/** The same response to each operation, in the fields that it reads. */
function success(token: object, user: object = { identity }): Answer {
  return (response) => {
    const url = response.req.url ?? '';
    if (response.req.method === 'DELETE' || url.includes('revokeAccessTokens')) {
      response.writeHead(204).end();
      return;
    }
    const isIssue = url.includes('issueAccessToken');
    body(isIssue ? 200 : 201, JSON.stringify(isIssue ? token : { ...user, accessToken: token }))(response);
  };
}

/** A page of a proxy must not pass for a revocation, so 200 is no success of operations that promise 204. */
const unusable = (name: string, answer: Answer): AcsFault => ({
  name,
  answer,
  outcome: 'upstream_unavailable',
});

const badToken = (name: string, token: object): AcsFault => ({
  name,
  answer: success(token),
  outcome: (operation) =>
    hasNoBody(operation) || operation === 'createUser' ? 'ok' : 'upstream_unavailable',
});

const goodToken = (name: string, expiresOn: unknown): AcsFault => ({
  name,
  answer: success(tokenUntil(expiresOn)),
  outcome: 'ok',
});

const badIdentity = (name: string, user: object): AcsFault => ({
  name,
  answer: success(tokenUntil('2100-01-01T00:00:00Z'), user),
  outcome: (operation) => (isCreate(operation) ? 'upstream_unavailable' : 'ok'),
});

/** Errors whose code says more than their status. */
export const codeFaults: AcsFault[] = [
  {
    name: '404 IdentityNotFound',
    answer: body(404, errorBody('IdentityNotFound')),
    outcome: (operation) => {
      if (operation === 'deleteUser') return 'ok';
      return isCreate(operation) ? 'upstream_unavailable' : 'user_not_found';
    },
  },
  {
    name: '401 IdentityNotOwned',
    answer: body(401, errorBody('IdentityNotOwned')),
    outcome: (operation) => (isCreate(operation) ? 'upstream_rejected' : 'user_not_found'),
  },
  { name: '404 with an HTML page', answer: html(404), outcome: 'upstream_unavailable' },
  { name: '503 with an HTML page', answer: html(503), outcome: 'upstream_unavailable' },
  { name: '400 without a body', answer: body(400, ''), outcome: 'invalid_request' },
];

export const connectionFaults: AcsFault[] = [
  { name: 'hangs before the headers', answer: hang, outcome: 'upstream_timeout' },
  {
    name: 'hangs after the headers',
    answer: hangAfterHeaders,
    outcome: 'upstream_timeout',
  },
  { name: 'hangs in the body', answer: hangInBody, outcome: 'upstream_timeout' },
  { name: 'sends a byte at a time', answer: drip, outcome: 'upstream_timeout' },
  { name: 'closes the connection', answer: close, outcome: 'upstream_unavailable' },
  { name: 'resets the connection', answer: reset, outcome: 'upstream_unavailable' },
  { name: 'resets the connection in the body', answer: resetInBody, outcome: 'upstream_unavailable' },
  { name: 'does not speak HTTP', answer: noHttp, outcome: 'upstream_unavailable' },
  { name: 'refuses the connection', endpoint: 'http://127.0.0.1:9/', outcome: 'upstream_unavailable' },
  { name: 'has a certificate that is not trusted', untrusted: true, outcome: 'upstream_unavailable' },
  { name: 'has no DNS name', endpoint: 'https://acs.invalid/', outcome: 'upstream_unavailable' },
];

export const bodyFaults: AcsFault[] = [
  ...['', 'null', '[]', '{}', '"text"', '42', 'text', '{"identity":'].map((text) =>
    unusable(`succeeds with the body ${JSON.stringify(text)}`, body(200, text)),
  ),
  unusable('succeeds with an HTML page', html(200)),
  {
    name: 'succeeds with 204',
    answer: body(204, ''),
    outcome: (operation) => (hasNoBody(operation) ? 'ok' : 'upstream_unavailable'),
  },
  badIdentity('a user without an id', { identity: {} }),
  badIdentity('a user with a number as its id', { identity: { id: 7 } }),
  badIdentity('a user with a line break in its id', { identity: { id: `${NOWHERE}\r\nX-Evil: 1` } }),
  badIdentity('a user of another kind', { identity: { id: '8:orgid:11111111-2222-3333-4444-555555555555' } }),
  badToken('a token without text', { expiresOn: '2100-01-01T00:00:00Z' }),
  badToken('an empty token', { token: '', expiresOn: '2100-01-01T00:00:00Z' }),
  badToken('a token without an expiry', { token: 'ey.ey.x' }),
  badToken('an expired token', tokenUntil('2020-01-01T00:00:00Z')),
  badToken('an expiry that is a number', tokenUntil(4_102_444_800)),
  badToken('an expiry that is no date', tokenUntil('tomorrow')),
  goodToken('an expiry with an offset', '2100-01-01T00:00:00+05:30'),
  goodToken('an expiry with seven decimals', '2100-01-01T00:00:00.1234567+00:00'),
  goodToken('an expiry as an HTTP date', 'Fri, 01 Jan 2100 00:00:00 GMT'),
];

export const redirectFaults: AcsFault[] = [301, 302, 303, 307, 308].flatMap((status): AcsFault[] => [
  { name: `${status} to itself`, answer: redirect(status), outcome: 'upstream_unavailable' },
  {
    name: `${status} to another host`,
    answer: redirect(status, 'http://127.0.0.1:9/'),
    outcome: 'upstream_unavailable',
  },
]);

/** A response that is too large is not repeated, and those that operations do not read are still read to a limit. */
export const sizeFaults: AcsFault[] = [
  { name: '64 MiB', answer: huge, outcome: 'upstream_unavailable' },
  { name: 'an endless body', answer: endless, outcome: 'upstream_unavailable' },
  { name: '64 MiB in 64 KiB of gzip', answer: compressedHuge, outcome: 'upstream_unavailable' },
  { name: 'a reset in the middle of gzip', answer: resetWhileCompressed, outcome: 'upstream_unavailable' },
];

export const acsFaults: AcsFault[] = [
  ...statusFaults,
  ...codeFaults,
  ...connectionFaults,
  ...bodyFaults,
  ...redirectFaults,
  ...sizeFaults,
];
