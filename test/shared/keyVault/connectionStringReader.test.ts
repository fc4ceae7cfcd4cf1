import { beforeEach, describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { ConnectionStringReader } from '../../../shared/keyVault/connectionStringReader.ts';
import { ServiceError, misconfigured } from '../../../shared/errors.ts';

const TTL_MS = 600_000;
const RETRY_INTERVAL_MS = 15_000;
const REREAD_INTERVAL_MS = 1000;

const endpoint = 'https://name.communication.azure.com/';
const secretOf = (accessKey: string) => `endpoint=${endpoint};accesskey=${accessKey}`;
const OLD = 'b2xkIGtleSBvbGQga2V5';
const NEW = 'bmV3IGtleSBuZXcga2V5';

const unavailable = () =>
  new ServiceError('upstream_unavailable', 'The vault is unavailable.', {
    retryAfterSeconds: 5,
    operatorHint: 'unavailable',
  });
const signal = new AbortController().signal;

let now: number;
let reads: number;
/** How the vault answers a read. */
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

/** Makes the vault wait until the returned promise is resolved. */
function holdVault(): PromiseWithResolvers<string> {
  const answer = Promise.withResolvers<string>();
  vault = () => answer.promise;
  return answer;
}

function hundred<T>(work: () => Promise<T>): Promise<T>[] {
  return Array.from({ length: 100 }, work);
}

describe('the connection string', () => {
  test('is read once for a hundred concurrent callers', async () => {
    const all = await Promise.all(hundred(() => reader.get(signal)));

    expect(new Set(all).size).toBe(1);
    expect(all[0]).toEqual({ endpoint, accessKey: OLD });
    expect(reads).toBe(1);
  });

  test('is read again once its lifetime has passed, and requests do not wait for that read', async () => {
    const first = await reader.get(signal);
    now += TTL_MS - 1;
    await reader.get(signal);
    expect(reads).toBe(1);
    const answer = holdVault();
    now += 1;

    const meanwhile = await Promise.all(hundred(() => reader.get(signal)));
    answer.resolve(secretOf(NEW));
    await turn();
    const next = await reader.get(signal);

    expect(new Set(meanwhile)).toEqual(new Set([first]));
    expect(next.accessKey).toBe(NEW);
    expect(reads).toBe(2);
  });

  test('of twice its lifetime is not served: requests wait for the read', async () => {
    await reader.get(signal);
    vault = () => Promise.resolve(secretOf(NEW));
    now += 2 * TTL_MS;

    const next = await reader.get(signal);

    expect(next.accessKey).toBe(NEW);
    expect(reads).toBe(2);
  });

  test('stays the same object while its value is the same', async () => {
    const first = await reader.get(signal);
    now += TTL_MS;

    const second = await reader.get(signal);

    expect(second).toBe(first);
    expect(reads).toBe(2);
  });

  test('is read again after a first read that failed', async () => {
    vault = () => Promise.reject(unavailable());
    await expect(reader.get(signal)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    vault = () => Promise.resolve(secretOf(OLD));

    const current = await reader.get(signal);

    expect(current.accessKey).toBe(OLD);
  });

  test('is misconfigured when it is malformed, and is read again by the next request', async () => {
    vault = () => Promise.resolve('no connection string');

    for (const expected of [1, 2]) {
      await expect(reader.get(signal)).rejects.toMatchObject({ code: 'misconfigured' });
      expect(reads).toBe(expected);
    }
  });

  test('is dropped when the secret is missing or malformed', async () => {
    for (const read of [() => Promise.reject(misconfigured('gone')), () => Promise.resolve('garbage')]) {
      vault = () => Promise.resolve(secretOf(OLD));
      await reader.get(signal);
      now += 2 * TTL_MS;
      vault = read;

      await expect(reader.get(signal)).rejects.toMatchObject({ code: 'misconfigured' });
      await expect(reader.get(signal)).rejects.toMatchObject({ code: 'misconfigured' });
    }
  });
});

describe('when the vault is unavailable', () => {
  test('a hundred concurrent callers get the same error from one read', async () => {
    vault = () => Promise.reject(unavailable());

    const all = await Promise.allSettled(hundred(() => reader.get(signal)));

    expect(reads).toBe(1);
    for (const one of all) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'upstream_unavailable', retryAfterSeconds: 5 },
      });
    }
  });

  test('the last good value is served, and the vault is not read again within 15 seconds', async () => {
    const good = await reader.get(signal);
    now += 2 * TTL_MS;
    vault = () => Promise.reject(unavailable());

    const served = [await reader.get(signal)];
    now += RETRY_INTERVAL_MS - 1;
    served.push(await reader.get(signal));

    expect(served).toEqual([good, good]);
    expect(reads).toBe(2);
  });

  test('no caller waits for the next read, and its value is served afterwards', async () => {
    const good = await reader.get(signal);
    now += 2 * TTL_MS;
    vault = () => Promise.reject(unavailable());
    await reader.get(signal);
    now += RETRY_INTERVAL_MS;
    const answer = holdVault();

    const meanwhile = await Promise.all(hundred(() => reader.get(signal)));
    answer.resolve(secretOf(NEW));
    await turn();
    const afterwards = await reader.get(signal);

    expect(meanwhile.every((value) => value === good)).toBe(true);
    expect(afterwards.accessKey).toBe(NEW);
    expect(reads).toBe(3);
  });

  test('reads that keep failing do not end the last good value', async () => {
    const good = await reader.get(signal);
    now += 2 * TTL_MS;
    vault = () => Promise.reject(unavailable());

    for (let tries = 0; tries < 5; tries += 1) {
      await expect(reader.get(signal)).resolves.toBe(good);
      await turn();
      now += RETRY_INTERVAL_MS;
    }

    expect(reads).toBe(6);
  });

  test('a read that finds the secret misconfigured ends the last good value', async () => {
    await reader.get(signal);
    now += 2 * TTL_MS;
    vault = () => Promise.reject(unavailable());
    await reader.get(signal);
    now += RETRY_INTERVAL_MS;
    vault = () => Promise.reject(misconfigured('disabled'));

    await reader.get(signal);
    await turn();

    await expect(reader.get(signal)).rejects.toMatchObject({
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

  test('the first read is aborted after its own timeout, with upstream_unavailable', async () => {
    reader = readerWith({ timeoutMs: 20 });
    vault = hang;

    await expect(reader.get(signal)).rejects.toMatchObject({
      code: 'upstream_unavailable',
      operatorHint: 'Key Vault did not respond in time.',
      retryAfterSeconds: 5,
    });
    await expect(aborted).resolves.toBe('aborted');
  });

  test('the last good value is served after the timeout', async () => {
    reader = readerWith({ timeoutMs: 20 });
    const good = await reader.get(signal);
    now += 2 * TTL_MS;
    vault = hang;

    const all = await Promise.all(hundred(() => reader.get(signal)));

    expect(all.every((value) => value === good)).toBe(true);
    expect(reads).toBe(2);
  });

  test('a caller waits until its own deadline, and the read goes on for the others', async () => {
    const answer = holdVault();

    const impatient = reader.get(AbortSignal.timeout(20));
    const other = reader.get(signal);
    await expect(impatient).rejects.toMatchObject({ code: 'upstream_timeout' });
    answer.resolve(secretOf(OLD));

    await expect(other).resolves.toMatchObject({ accessKey: OLD });
    expect(reads).toBe(1);
  });
});

describe('after ACS rejected the connection string', () => {
  test('a hundred concurrent callers get the new one from one read', async () => {
    const rejected = await reader.get(signal);
    vault = () => Promise.resolve(secretOf(NEW));

    const all = await Promise.all(hundred(() => reader.refreshAfterRejection(rejected, signal)));

    expect(new Set(all).size).toBe(1);
    expect(all[0]?.accessKey).toBe(NEW);
    expect(reads).toBe(2);
  });

  test('a hundred concurrent callers get undefined from one read when it is unchanged', async () => {
    const rejected = await reader.get(signal);

    const all = await Promise.all(hundred(() => reader.refreshAfterRejection(rejected, signal)));

    expect(new Set(all)).toEqual(new Set([undefined]));
    expect(reads).toBe(2);
  });

  test('the time between reads grows from 1 to 30 seconds, a tenth of the time since the first rejection', async () => {
    const rejected = await reader.get(signal);
    const started = now;
    const readAt: number[] = [];
    for (let before = reads; now - started < 600_000; now += 500) {
      await reader.refreshAfterRejection(rejected, signal);
      if (reads > before) readAt.push(now - started);
      before = reads;
    }

    expect(readAt.slice(0, 12)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((second) => second * 1000),
    );
    for (const [index, at] of readAt.slice(1).entries()) {
      const previous = readAt[index] ?? 0;
      const expected = Math.min(30_000, Math.max(1000, previous / 10));
      expect(at - previous).toBeGreaterThanOrEqual(expected);
      expect(at - previous).toBeLessThan(expected + 500);
    }
    expect((readAt.at(-1) ?? 0) - (readAt.at(-2) ?? 0)).toBe(30_000);
  });

  test('the vault is read again after a second when the last rejection was long ago', async () => {
    const rejected = await reader.get(signal);
    for (let second = 0; second < 60; second += 1, now += 1000)
      await reader.refreshAfterRejection(rejected, signal);
    now += 100_000;
    await reader.refreshAfterRejection(rejected, signal);
    const before = reads;
    now += 1000;
    await reader.refreshAfterRejection(rejected, signal);

    expect(reads).toBe(before + 1);
  });

  test('the vault is not read again within a second', async () => {
    const rejected = await reader.get(signal);
    await reader.refreshAfterRejection(rejected, signal);
    vault = () => Promise.resolve(secretOf(NEW));

    now += REREAD_INTERVAL_MS - 1;
    const early = await reader.refreshAfterRejection(rejected, signal);
    now += 1;
    const late = await reader.refreshAfterRejection(rejected, signal);

    expect(early).toBeUndefined();
    expect(late?.accessKey).toBe(NEW);
    expect(reads).toBe(3);
  });

  test('a newer one is returned without another read', async () => {
    const rejected = await reader.get(signal);
    vault = () => Promise.resolve(secretOf(NEW));
    now += 2 * TTL_MS;
    const current = await reader.get(signal);

    const other = await reader.refreshAfterRejection(rejected, signal);

    expect(other).toBe(current);
    expect(reads).toBe(2);
  });

  test('the new one may be rejected too, and is replaced after the interval', async () => {
    const first = await reader.get(signal);
    vault = () => Promise.resolve(secretOf(NEW));
    const second = await reader.refreshAfterRejection(first, signal);
    vault = () => Promise.resolve(secretOf(OLD));
    now += REREAD_INTERVAL_MS;

    const third = second && (await reader.refreshAfterRejection(second, signal));

    expect(third).toEqual(first);
    expect(reads).toBe(3);
  });

  test('a read that started before the rejection does not count', async () => {
    const rejected = await reader.get(signal);
    now += 2 * TTL_MS;
    const early = holdVault();
    const reading = reader.get(signal);

    const other = reader.refreshAfterRejection(rejected, signal);
    vault = () => Promise.resolve(secretOf(NEW));
    early.resolve(secretOf(OLD));

    await expect(reading).resolves.toBe(rejected);
    await expect(other).resolves.toMatchObject({ accessKey: NEW });
    expect(reads).toBe(3);
  });

  test('a hundred concurrent callers share the read that follows such a read', async () => {
    const rejected = await reader.get(signal);
    now += 2 * TTL_MS;
    const early = holdVault();
    const reading = reader.get(signal);

    const others = hundred(() => reader.refreshAfterRejection(rejected, signal));
    vault = () => turn(secretOf(NEW));
    early.resolve(secretOf(OLD));
    await reading;
    const all = await Promise.all(others);

    expect(all.map((value) => value?.accessKey)).toEqual(Array(100).fill(NEW));
    expect(reads).toBe(3);
  });

  test('the refresh fails with upstream_unavailable while the vault is unavailable', async () => {
    const rejected = await reader.get(signal);
    vault = () => Promise.reject(unavailable());

    const all = await Promise.allSettled([
      ...hundred(() => reader.refreshAfterRejection(rejected, signal)),
      turn().then(() => reader.refreshAfterRejection(rejected, signal)),
    ]);

    expect(reads).toBe(2);
    for (const one of all) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'upstream_unavailable', retryAfterSeconds: 5 },
      });
    }
  });

  test('the refresh fails with misconfigured for every caller when the new secret is malformed', async () => {
    const rejected = await reader.get(signal);
    vault = () => turn('garbage');

    const all = await Promise.allSettled(hundred(() => reader.refreshAfterRejection(rejected, signal)));

    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'misconfigured' } });
    }
  });

  test('a caller waits until its own deadline when the vault hangs', async () => {
    const rejected = await reader.get(signal);
    const answer = holdVault();

    const waiting = [20, 25].map((ms) => reader.refreshAfterRejection(rejected, AbortSignal.timeout(ms)));

    const all = await Promise.allSettled(waiting);
    answer.resolve(secretOf(OLD));

    for (const one of all) expect(one).toMatchObject({ reason: { code: 'upstream_timeout' } });
    expect(reads).toBe(2);
  });
});
