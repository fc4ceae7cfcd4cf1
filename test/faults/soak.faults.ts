import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type FunctionsHost,
  type HostExit,
  startFunctionsHost,
} from '../../local/functionsHost/startFunctionsHost.ts';
import { type LocalAzure, startLocalAzure } from '../../local/localAzure.ts';
import { type SignIn, startSignIn } from '../../local/signIn.ts';
import { type FaultyServer, startFaultyServer } from './faultyServer.ts';
import { outages } from './outages.ts';
import { seededRandom } from './seededRandom.ts';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
const SEED = Number(process.env['SOAK_SEED'] ?? 1);
const USERS = 20;
const DEADLINE_SECONDS = 2;
const MAX_DURATION_MS = DEADLINE_SECONDS * 1000 + 250;
const MEBIBYTE = 1024 * 1024;

let azure: LocalAzure;
let signIn: SignIn;
let table: FaultyServer;
let host: FunctionsHost;
let exit: HostExit | undefined;
const log: string[] = [];

beforeAll(async () => {
  [azure, signIn] = await Promise.all([startLocalAzure(), startSignIn()]);
  await azure.acs.commands['setLimits']?.run({ enabled: false });
  const [tableEndpoint = '', tableUrl = ''] =
    /TableEndpoint=(http:\/\/[^/]+)/.exec(signIn.storage.connectionString) ?? [];
  table = await startFaultyServer(tableUrl);
  host = await startFunctionsHost({
    app: '.',
    env: {
      ...process.env,
      ...azure.env(),
      ...signIn.env(),
      USER_TABLE_CONNECTION_STRING: signIn.storage.connectionString.replace(
        tableEndpoint,
        `TableEndpoint=${table.url}`,
      ),
      CALLER_REQUESTS_PER_MINUTE: '0',
      REQUEST_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
      ACS_SECRET_TTL_SECONDS: '5',
    },
    onLog: (line) => log.push(line),
  });
  void host.exited.then((how) => (exit = how));
});
afterAll(async () => {
  await host.stop();
  await Promise.all([azure.close(), signIn.close(), table.close()]);
});

class User {
  /** The identity of the last response, until the user deletes it. */
  identity: string | undefined;
  readonly headers: { Authorization: string };

  constructor(token: string) {
    this.headers = { Authorization: `Bearer ${token}` };
  }

  static async signIn(name: string): Promise<User> {
    const { issuer, audience } = signIn.provider;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: audience, sub: name, scope: 'tokens', iat: now, exp: now + 7200 };
    return new User(await signIn.provider.sign(claims));
  }
}

interface Results {
  outcomes: Map<string, number>;
  slowestMs: number;
  /** Changes of an identity that its user did not delete. */
  lost: string[];
}

/** Sends a request as the user. Returns whether it succeeded. */
async function send(user: User, method: string, path: string, results: Results): Promise<boolean> {
  const started = performance.now();
  const response = await fetch(`${host.url}/api/${path}`, { method, headers: user.headers });
  const text = await response.text();
  results.slowestMs = Math.max(results.slowestMs, performance.now() - started);
  const body =
    text === '' ? {} : (JSON.parse(text) as { code?: string; user?: { communicationUserId: string } });
  const outcome = response.ok ? 'ok' : `${response.status} ${body.code ?? ''}`;
  results.outcomes.set(outcome, (results.outcomes.get(outcome) ?? 0) + 1);
  const identity = body.user?.communicationUserId;
  if (identity !== undefined) {
    if (user.identity !== undefined && user.identity !== identity)
      results.lost.push(`${user.identity} → ${identity}`);
    user.identity = identity;
  }
  return response.ok;
}

async function act(user: User, chance: number, results: Results): Promise<void> {
  if (chance < 0.7) await send(user, 'GET', 'users/me/token?scope=chat', results);
  else if (chance < 0.8) await send(user, 'POST', 'users', results);
  else if (chance < 0.9) await send(user, 'DELETE', 'users/me/token', results);
  else {
    // Whatever the response says, it may have been deleted.
    user.identity = undefined;
    await send(user, 'DELETE', 'users/me', results);
    user.identity = undefined;
  }
}

/** Makes one dependency fail for a while. */
async function injectFault(random: () => number): Promise<void> {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const fault = pick([
    { status: 500 },
    { status: 503 },
    { status: 429 },
    { status: 429, retryAfter: '1' },
    { status: 401, code: 'Denied' },
    { status: 404, code: 'ResourceNotFound' },
    { drop: true },
    { drop: true, at: 'response' as const },
    { halfBody: true },
    { delayMs: 500 },
    { delayMs: 10_000 },
  ]);
  const dependency = pick(['acs', 'acs', 'vault', 'identity', 'table', 'issuer', 'rotation'] as const);
  switch (dependency) {
    case 'acs':
    case 'vault':
    case 'identity':
      azure[dependency].faults.arm({ ...fault, times: 1 + Math.floor(random() * 50) });
      await wait(random() * 3000);
      azure[dependency].faults.clear();
      break;
    case 'table':
      [, table.fault] = pick(outages);
      await wait(500);
      table.fault = undefined;
      break;
    case 'issuer':
      await signIn.provider.setDown(true);
      await wait(1000);
      await signIn.provider.setDown(false);
      break;
    case 'rotation':
      azure.acs.accessKeys.regenerate('primary');
      await wait(random() * 1000);
      azure.vault.setSecret('acs-connection-string', azure.acs.connectionString());
      break;
  }
}

/** Resident memory and open files of the host; undefined where the system does not tell. */
function resources(): { mebibytes: number; files: number } | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, pages = ''] = readFileSync(`/proc/${host.pid ?? ''}/statm`, 'utf8').split(' ');
  return {
    mebibytes: Math.round((Number(pages) * 4096) / MEBIBYTE),
    files: readdirSync(`/proc/${host.pid ?? ''}/fd`).length,
  };
}

test(
  `${MINUTES} minutes of traffic with faults lose no identity, and leave nothing behind`,
  async () => {
    const results: Results = { outcomes: new Map(), slowestMs: 0, lost: [] };
    const users = await Promise.all(
      Array.from({ length: USERS }, (_, index) => User.signIn(`user ${index}`)),
    );
    const end = performance.now() + MINUTES * 60_000;
    const isOver = () => performance.now() > end || exit !== undefined;

    const traffic = users.map(async (user, index) => {
      const random = seededRandom(SEED + index + 1);
      while (!isOver()) {
        await act(user, random(), results);
        await wait(random() * 200);
      }
    });
    const random = seededRandom(SEED);
    let faults = 0;
    let early: ReturnType<typeof resources>;
    for (; !isOver(); faults += 1) {
      if (performance.now() > end - MINUTES * 45_000) early ??= resources();
      await injectFault(random);
      await wait(random() * 2000);
    }
    await Promise.all(traffic);
    expect(exit).toBeUndefined();

    for (const { faults } of [azure.acs, azure.vault, azure.identity]) faults.clear();
    azure.vault.setSecret('acs-connection-string', azure.acs.connectionString());
    const duringFaults = new Map(results.outcomes);
    for (const user of users) {
      while (!(await send(user, 'GET', 'users/me/token', results))) await wait(100);
      // The directory knows the owner too.
      expect(await send(user, 'GET', `users/${user.identity ?? ''}/token`, results)).toBe(true);
    }
    await wait(5000);
    const late = resources();

    const identities = users.map(({ identity }) => identity ?? '');
    process.stdout.write(
      [
        `seed ${SEED}, ${faults} faults; slowest response ${Math.round(results.slowestMs)} ms`,
        ...[...duringFaults].sort().map(([outcome, count]) => `${String(count).padStart(7)}  ${outcome}`),
        `${azure.acs.identities.count} identities for ${USERS} users: the others are creates whose response was lost`,
        `host after a quarter of the time ${JSON.stringify(early)}, afterwards ${JSON.stringify(late)}\n`,
      ].join('\n'),
    );
    expect(results.lost).toEqual([]);
    expect(new Set(identities).size).toBe(USERS);
    expect([...results.outcomes.keys()].filter((outcome) => /internal|^4(?!29)/.test(outcome))).toEqual([]);
    expect(results.slowestMs).toBeLessThanOrEqual(MAX_DURATION_MS);
    expect(log.filter((line) => /unhandled|accesskey=[\w+/]|Bearer |eyJ/i.test(line))).toEqual([]);
    if (early === undefined || late === undefined) return;
    expect(late.files).toBeLessThanOrEqual(early.files + 10);
    expect(late.mebibytes).toBeLessThanOrEqual(1.5 * early.mebibytes);
  },
  (MINUTES + 2) * 60_000,
);
