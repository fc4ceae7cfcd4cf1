import { beforeEach, describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { ServiceError, misconfigured } from '../../../shared/errors.ts';

const TTL_MS = 600_000;
const RETRY_INTERVAL_MS = 15_000;
const REREAD_INTERVAL_MS = 10_000;

const endpoint = 'https://name.communication.azure.com/';
const secretOf = (accessKey: string) => `endpoint=${endpoint};accesskey=${accessKey}`;
const OLD = 'b2xkIGtleSBvbGQga2V5';
const NEW = 'bmV3IGtleSBuZXcga2V5';

const unreachable = () =>
  new ServiceError('upstream_unavailable', 'The vault is away.', {
    retryAfterSeconds: 5,
    operatorHint: 'away',
  });
const patient = new AbortController().signal;

let now: number;
let reads: number;
/** What the vault does when it is read. */
let vault: (signal: AbortSignal) => Promise<string>;
let reader: ConnectionStringReader;

beforeEach(() => {
  now = 1000;
  reads = 0;
  vault = () => Promise.resolve(secretOf(OLD));
  reader = readerWith({ timeoutMs: 5000 });
});

function readerWith({ timeoutMs }: { timeoutMs: number }): ConnectionStringReader {
  const readSecret = (signal: AbortSignal) => {
    reads += 1;
    return vault(signal);
  };
  return new ConnectionStringReader(readSecret, { ttlMs: TTL_MS, timeoutMs, clock: () => now });
}

/** Makes the vault answer only when told to. */
function holdVault(): PromiseWithResolvers<string> {
  const answer = Promise.withResolvers<string>();
  vault = () => answer.promise;
  return answer;
}

function hundred<T>(work: () => Promise<T>): Promise<T>[] {
  return Array.from({ length: 100 }, work);
}

describe('the connection string', () => {
  test('is read once for a hundred who want it at the same time', async () => {
    const all = await Promise.all(hundred(() => reader.get(patient)));

    expect(new Set(all).size).toBe(1);
    expect(all[0]).toEqual({ endpoint, accessKey: OLD });
    expect(reads).toBe(1);
  });

  test('is served from memory until its lifetime has passed', async () => {
    const first = await reader.get(patient);
    vault = () => Promise.resolve(secretOf(NEW));
    now += TTL_MS - 1;
    const last = await reader.get(patient);
    now += 1;
    const next = await reader.get(patient);

    expect(last).toBe(first);
    expect(next.accessKey).toBe(NEW);
    expect(reads).toBe(2);
  });

  test('stays the same object as long as its value is the same', async () => {
    const first = await reader.get(patient);
    now += TTL_MS;

    const second = await reader.get(patient);

    expect(second).toBe(first);
    expect(reads).toBe(2);
  });

  test('is read again after a first read that failed', async () => {
    vault = () => Promise.reject(unreachable());
    await expect(reader.get(patient)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    vault = () => Promise.resolve(secretOf(OLD));

    const current = await reader.get(patient);

    expect(current.accessKey).toBe(OLD);
  });

  test('that cannot be used is misconfigured, and asked for again each time', async () => {
    vault = () => Promise.resolve('no connection string');

    for (const expected of [1, 2]) {
      await expect(reader.get(patient)).rejects.toMatchObject({ code: 'misconfigured' });
      expect(reads).toBe(expected);
    }
  });

  test('is dropped when the vault says that there is none, or none that can be used', async () => {
    for (const gone of [() => Promise.reject(misconfigured('gone')), () => Promise.resolve('garbage')]) {
      vault = () => Promise.resolve(secretOf(OLD));
      await reader.get(patient);
      now += TTL_MS;
      vault = gone;

      await expect(reader.get(patient)).rejects.toMatchObject({ code: 'misconfigured' });
      await expect(reader.get(patient)).rejects.toMatchObject({ code: 'misconfigured' });
    }
  });
});

describe('when the vault cannot be reached', () => {
  test('a hundred who want the first one get the same fault from one read', async () => {
    vault = () => Promise.reject(unreachable());

    const all = await Promise.allSettled(hundred(() => reader.get(patient)));

    expect(reads).toBe(1);
    for (const one of all) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'upstream_unavailable', retryAfterSeconds: 5 },
      });
    }
  });

  test('the last good one is served, and the vault left alone for a while', async () => {
    const good = await reader.get(patient);
    now += TTL_MS;
    vault = () => Promise.reject(unreachable());

    const served = [await reader.get(patient)];
    now += RETRY_INTERVAL_MS - 1;
    served.push(await reader.get(patient));

    expect(served).toEqual([good, good]);
    expect(reads).toBe(2);
  });

  test('nobody waits for the next try, and the value it brings is served from then on', async () => {
    const good = await reader.get(patient);
    now += TTL_MS;
    vault = () => Promise.reject(unreachable());
    await reader.get(patient);
    now += RETRY_INTERVAL_MS;
    const answer = holdVault();

    const meanwhile = await Promise.all(hundred(() => reader.get(patient)));
    answer.resolve(secretOf(NEW));
    await turn();
    const afterwards = await reader.get(patient);

    expect(meanwhile.every((value) => value === good)).toBe(true);
    expect(afterwards.accessKey).toBe(NEW);
    expect(reads).toBe(3);
  });

  test('tries that go on failing harm nobody', async () => {
    const good = await reader.get(patient);
    now += TTL_MS;
    vault = () => Promise.reject(unreachable());

    for (let tries = 0; tries < 5; tries += 1) {
      await expect(reader.get(patient)).resolves.toBe(good);
      await turn();
      now += RETRY_INTERVAL_MS;
    }

    expect(reads).toBe(6);
  });

  test('a try that finds it misconfigured ends the last good one', async () => {
    await reader.get(patient);
    now += TTL_MS;
    vault = () => Promise.reject(unreachable());
    await reader.get(patient);
    now += RETRY_INTERVAL_MS;
    vault = () => Promise.reject(misconfigured('disabled'));

    await reader.get(patient);
    await turn();

    await expect(reader.get(patient)).rejects.toMatchObject({
      code: 'misconfigured',
      operatorHint: 'disabled',
    });
  });
});

describe('when the vault hangs', () => {
  const hang = (signal: AbortSignal) => {
    aborted = new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve('aborted');
      });
    });
    return new Promise<never>(() => undefined);
  };
  let aborted: Promise<unknown>;

  test('the first read is unavailable after its own timeout, and aborted', async () => {
    reader = readerWith({ timeoutMs: 20 });
    vault = hang;

    await expect(reader.get(patient)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      operatorHint: 'Key Vault did not respond in time.',
      retryAfterSeconds: 5,
    });
    await expect(aborted).resolves.toBe('aborted');
  });

  test('the last good one is served after the timeout', async () => {
    reader = readerWith({ timeoutMs: 20 });
    const good = await reader.get(patient);
    now += TTL_MS;
    vault = hang;

    const all = await Promise.all(hundred(() => reader.get(patient)));

    expect(all.every((value) => value === good)).toBe(true);
    expect(reads).toBe(2);
  });

  test('a request waits no longer than its own deadline, and the read goes on for the others', async () => {
    const answer = holdVault();

    const hasty = reader.get(AbortSignal.timeout(20));
    const other = reader.get(patient);
    await expect(hasty).rejects.toMatchObject({ code: 'upstream_timeout' });
    answer.resolve(secretOf(OLD));

    await expect(other).resolves.toMatchObject({ accessKey: OLD });
    expect(reads).toBe(1);
  });
});

describe('instead of one that ACS refused', () => {
  test('a hundred get the new one from one read', async () => {
    const refused = await reader.get(patient);
    vault = () => Promise.resolve(secretOf(NEW));

    const all = await Promise.all(hundred(() => reader.refreshAfterRejection(refused, patient)));

    expect(new Set(all).size).toBe(1);
    expect(all[0]?.accessKey).toBe(NEW);
    expect(reads).toBe(2);
  });

  test('a hundred get none from one read when the vault still holds it', async () => {
    const refused = await reader.get(patient);

    const all = await Promise.all(hundred(() => reader.refreshAfterRejection(refused, patient)));

    expect(new Set(all)).toEqual(new Set([undefined]));
    expect(reads).toBe(2);
  });

  test('the vault is not asked again until the interval has passed', async () => {
    const refused = await reader.get(patient);
    await reader.refreshAfterRejection(refused, patient);
    vault = () => Promise.resolve(secretOf(NEW));

    now += REREAD_INTERVAL_MS - 1;
    const early = await reader.refreshAfterRejection(refused, patient);
    now += 1;
    const late = await reader.refreshAfterRejection(refused, patient);

    expect(early).toBeUndefined();
    expect(late?.accessKey).toBe(NEW);
    expect(reads).toBe(3);
  });

  test('the one that others have read meanwhile is given without a read', async () => {
    const refused = await reader.get(patient);
    vault = () => Promise.resolve(secretOf(NEW));
    now += TTL_MS;
    const current = await reader.get(patient);

    const other = await reader.refreshAfterRejection(refused, patient);

    expect(other).toBe(current);
    expect(reads).toBe(2);
  });

  test('the new one may be refused in its turn, and be replaced after the interval', async () => {
    const first = await reader.get(patient);
    vault = () => Promise.resolve(secretOf(NEW));
    const second = await reader.refreshAfterRejection(first, patient);
    vault = () => Promise.resolve(secretOf(OLD));
    now += REREAD_INTERVAL_MS;

    const third = second && (await reader.refreshAfterRejection(second, patient));

    expect(third).toEqual(first);
    expect(reads).toBe(3);
  });

  test('a read that began before the refusal does not count', async () => {
    const refused = await reader.get(patient);
    now += TTL_MS;
    const early = holdVault();
    const reading = reader.get(patient);

    const other = reader.refreshAfterRejection(refused, patient);
    vault = () => Promise.resolve(secretOf(NEW));
    early.resolve(secretOf(OLD));

    await expect(reading).resolves.toBe(refused);
    await expect(other).resolves.toMatchObject({ accessKey: NEW });
    expect(reads).toBe(3);
  });

  test('a hundred share the read that follows one that began before their refusal', async () => {
    const refused = await reader.get(patient);
    now += TTL_MS;
    const early = holdVault();
    const reading = reader.get(patient);

    const others = hundred(() => reader.refreshAfterRejection(refused, patient));
    vault = () => turn(secretOf(NEW));
    early.resolve(secretOf(OLD));
    await reading;
    const all = await Promise.all(others);

    expect(all.map((value) => value?.accessKey)).toEqual(Array(100).fill(NEW));
    expect(reads).toBe(3);
  });

  test('none can be had while the vault cannot be reached', async () => {
    const refused = await reader.get(patient);
    vault = () => Promise.reject(unreachable());

    const all = await Promise.allSettled([
      ...hundred(() => reader.refreshAfterRejection(refused, patient)),
      turn().then(() => reader.refreshAfterRejection(refused, patient)),
    ]);

    expect(reads).toBe(2);
    for (const one of all) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'upstream_unavailable', retryAfterSeconds: 5 },
      });
    }
  });

  test('none can be had when the vault holds nothing usable, and everyone hears it', async () => {
    const refused = await reader.get(patient);
    vault = () => turn('garbage');

    const all = await Promise.allSettled(hundred(() => reader.refreshAfterRejection(refused, patient)));

    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'misconfigured' } });
    }
  });

  test('a hung vault is waited for no longer than the request has time', async () => {
    const refused = await reader.get(patient);
    const answer = holdVault();

    const waiting = [20, 25].map((ms) => reader.refreshAfterRejection(refused, AbortSignal.timeout(ms)));

    const all = await Promise.allSettled(waiting);
    answer.resolve(secretOf(OLD));

    for (const one of all) expect(one).toMatchObject({ reason: { code: 'upstream_timeout' } });
    expect(reads).toBe(2);
  });
});
