import type { AccessToken } from '@azure/core-auth';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cachedCredential } from '../../../shared/azure/cachedCredential.ts';

const MINUTE = 60_000;
const scope = 'https://vault.azure.net/.default';

let now: number;
let calls: unknown[];
let respond: () => Promise<AccessToken | null>;

beforeEach(() => {
  now = 1_000_000;
  calls = [];
  respond = () => Promise.resolve(token(calls.length, 60));
});

function token(number: number, minutes: number): AccessToken {
  return { token: `token ${number}`, expiresOnTimestamp: now + minutes * MINUTE };
}

const hang = () => new Promise<AccessToken>(() => undefined);
const fail = () => Promise.reject(Object.assign(new Error('down'), { name: 'CredentialUnavailableError' }));

function create(timeoutMs = 20) {
  const inner = {
    getToken: (...args: unknown[]) => {
      calls.push(args);
      return respond();
    },
  };
  const credential = cachedCredential(inner, { timeoutMs, clock: () => now });
  return async (options = {}) =>
    credential.getToken(scope, options).then(
      (result) => result?.token,
      (error: unknown) => (error as Error).name,
    );
}

test('gets a token once for concurrent and later requests', async () => {
  const get = create();

  const tokens = [...(await Promise.all([get(), get()])), await get()];

  expect(tokens).toEqual(['token 1', 'token 1', 'token 1']);
  expect(calls).toEqual([[scope, {}]]);
});

test('asks for tokens of other tenants and for claims separately', async () => {
  const get = create();
  const challenge = { tenantId: 'tenant', claims: '{"access_token":{}}' };

  const tokens = [await get(), await get(challenge), await get({ tenantId: 'tenant' }), await get(challenge)];

  expect(tokens).toEqual(['token 1', 'token 2', 'token 3', 'token 2']);
  expect(calls).toEqual([
    [scope, {}],
    [scope, challenge],
    [scope, { tenantId: 'tenant' }],
  ]);
});

test('leaves no timer behind that keeps a process running', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();

  await create(600_000)();

  expect(timers()).toBe(before);
});

test('refreshes in the background when less than 5 minutes are left', async () => {
  const get = create();
  await get();
  now += 56 * MINUTE;

  const during = await get();
  await new Promise(setImmediate);

  expect(during).toBe('token 1');
  expect(await get()).toBe('token 2');
});

describe('while no token can be had', () => {
  test('serves the last one until it expires, and then fails', async () => {
    const get = create();
    await get();
    respond = fail;
    now += 59 * MINUTE;
    const before = await get();
    now += MINUTE;

    expect(before).toBe('token 1');
    expect(await get()).toBe('CredentialUnavailableError');
  });

  test('a background refresh that fails is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const collect = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', collect);
    const get = create();
    await get();
    respond = fail;
    now += 58 * MINUTE;
    await get();
    await new Promise(setImmediate);

    expect(unhandled).toEqual([]);
    process.off('unhandledRejection', collect);
  });

  test('gives up on a call that hangs, and makes a new one later', async () => {
    const get = create();
    respond = hang;
    const first = await get();
    respond = () => Promise.resolve(token(2, 60));
    const soon = await get();
    now += 1000;

    expect([first, soon]).toEqual(['CredentialUnavailableError', 'CredentialUnavailableError']);
    expect(await get()).toBe('token 2');
    expect(calls).toHaveLength(2);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['no token', () => Promise.resolve(null)],
    ['an empty token', () => Promise.resolve(token(1, 60)).then((given) => ({ ...given, token: '' }))],
    ['an expired token', () => Promise.resolve(token(1, 0))],
    ['a token without expiry', () => Promise.resolve({ token: 'token', expiresOnTimestamp: NaN })],
    ['an error of any kind', () => Promise.reject(new TypeError('expires_on'))],
  ])('treats %s as a failure', async (_title, answer) => {
    const get = create();
    respond = answer as typeof respond;

    expect(await get()).toBe('CredentialUnavailableError');
  });
});

test('keeps tokens of other tenants and claims apart', async () => {
  const get = create();

  const tokens = [await get(), await get({ tenantId: 'a' }), await get({ claims: 'b' }), await get()];

  expect(tokens).toEqual(['token 1', 'token 2', 'token 3', 'token 1']);
});
