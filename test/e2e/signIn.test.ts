import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalService, startLocalService } from '../../local/localService.ts';
import { startOidcProvider } from '../../local/oidc/startOidcProvider.ts';
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

(hasSignals ? test : test.skip)(
  'npm start -- --callers oidc prints commands that work as they are',
  async () => {
    const command = runCommand('local/start.ts', ['--port', '0', '--callers', 'oidc']);
    await command.prints(/Ctrl-C stops everything/);
    const printed = command.output().match(/^ {2}(?:TOKEN=|curl ).*$/gm) ?? [];

    const { stdout } = await promisify(execFile)('sh', ['-c', printed.join('\n')]);

    const [issued, created] = stdout.replace('}{', '}\n{').split('\n');
    expect(printed.length).toBe(4);
    expect(JSON.parse(issued ?? '')).toMatchObject({ token: expect.any(String) });
    expect(JSON.parse(created ?? '')).toEqual({ user: { communicationUserId: expect.any(String) } });
    command.child.kill('SIGINT');
    expect(await command.ended).toBe(0);
  },
);

test('npm start -- --issuer accepts the tokens of another provider', async () => {
  const provider = await startOidcProvider({ audience: 'api://own' });
  const options = ['--callers', 'oidc', '--issuer', provider.issuer, '--audience', 'api://own'];
  const command = runCommand('local/start.ts', ['--port', '0', ...options], {
    OIDC_REQUIRED_SCOPE: 'tokens',
  });
  const [, url = ''] = await command.prints(/curl "([^"]+)"/);

  const response = await fetch(url, {
    headers: { Authorization: `Bearer ${await provider.tokenFor('alice')}` },
  });

  expect(response.status).toBe(200);
  expect(command.output()).toContain(`Issuer: ${provider.issuer}`);
  command.child.kill('SIGINT');
  await command.ended;
  await provider.stop();
});
