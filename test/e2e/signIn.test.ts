import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { startFunctionsHost, type FunctionsHost } from '../../local/functionsHost/startFunctionsHost.ts';
import { hasSignals, runCommand } from './command.ts';

interface Issued {
  token: string;
  user: { communicationUserId: string };
}

/** A slow machine takes longer than the default deadline for 200 requests at once. */
const settings = { CALLER_REQUESTS_PER_MINUTE: '0', REQUEST_DEADLINE_SECONDS: '25' };

let service: LocalService;
let others: FunctionsHost[];
beforeAll(async () => {
  service = await startLocalService({
    app: '.',
    port: 0,
    callers: 'oidc',
    settings: () => settings,
  });
  const env = {
    ...process.env,
    ...service.azure.env(),
    ...service.signIn?.env(),
    ...settings,
  };
  others = await Promise.all([1, 2, 3].map(() => startFunctionsHost({ app: '.', env })));
});
afterAll(async () => {
  await Promise.all(others.map((host) => host.stop()));
  await service.stop();
});

test('200 concurrent first requests of one user to four processes create one identity', async () => {
  const token = (await service.signIn?.provider.tokenFor('alice')) ?? '';
  const urls = [service.url, ...others.map(({ url }) => url)];

  const issuedTokens = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const response = await fetch(`${urls[index % urls.length] ?? ''}/api/users/me/token`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      expect(response.status).toBe(200);
      return (await response.json()) as Issued;
    }),
  );

  expect(new Set(issuedTokens.map(({ user }) => user.communicationUserId)).size).toBe(1);
  expect(service.azure.acs.identities.count).toBe(1);
  const { token: issued = '' } = issuedTokens[0] ?? {};
  expect(await service.azure.acs.isTokenValid(issued)).toBe(true);
});

test('npm start -- --callers oidc prints curl lines that work', async () => {
  const command = runCommand('local/start.ts', ['--port', '0', '--callers', 'oidc']);
  await command.prints(/Ctrl-C stops everything/);
  const lines = command.output().match(/curl -X POST .*|curl -s .*|curl -d .*/g) ?? [];
  const api = /curl "(http[^"]+)\/users\/me\/token"/.exec(command.output())?.[1] ?? '';
  const [alice, bob, admin] = await Promise.all(lines.slice(0, 3).map(accessToken));
  const call = (method: string, path: string, token = '') =>
    fetch(`${api}/users/${path}`, { method, headers: { Authorization: `Bearer ${token}` } });

  const mine = (await (await call('GET', 'me/token', alice)).json()) as Issued;
  const theirs = (await (await call('GET', 'me/token', bob)).json()) as Issued;

  expect((await call('GET', `${theirs.user.communicationUserId}/token`, alice)).status).toBe(403);
  expect((await call('DELETE', mine.user.communicationUserId, admin)).status).toBe(204);
  const fresh = (await (await call('GET', 'me/token', alice)).json()) as Issued;
  expect(fresh.user.communicationUserId).not.toBe(mine.user.communicationUserId);

  command.child.kill('SIGINT');
  expect(await command.ended).toBe(hasSignals ? 0 : null);
});

/** Runs a printed curl line: its URL and its form fields. */
async function accessToken(line: string): Promise<string> {
  const url = /"?(http:[^\s"]+)"?/.exec(line)?.[1] ?? '';
  const form = [...line.matchAll(/-d "([^"]+)"|--data-urlencode "([^"]+)"/g)].map(
    ([, data, encoded]) => data ?? encoded,
  );
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form.join('&'),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
