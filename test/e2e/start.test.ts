import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startAcsEmulator } from '../../local/acs/acsEmulator.ts';
import { createCertificates } from '../../local/certificates.ts';
import { hasSignals, type RunningCommand, runCommand, watchCommand } from './command.ts';

interface Info {
  url: string;
  functionKey: string;
  control: string;
  caFile: string;
  acs: { connectionStrings: { primary: string; secondary: string } };
}

let folder: string;
let running: RunningCommand | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-test-'));
});
afterEach(async () => {
  running?.child.kill('SIGTERM');
  await running?.ended;
});
afterAll(() => rm(folder, { recursive: true }));

function start(...args: string[]): RunningCommand {
  return startWith({}, ...args);
}

function startWith(env: Record<string, string>, ...args: string[]): RunningCommand {
  running = runCommand('local/start.ts', args, env);
  return running;
}

async function readInfo(path: string): Promise<Info> {
  return JSON.parse(await readFile(path, 'utf8')) as Info;
}

test('prints a curl line that returns a token', async () => {
  const infoFile = join(folder, 'info.json');
  const command = start('--port', '0', '--info-file', infoFile);
  const [, method = '', url = ''] = await command.prints(/curl -X (\w+) "([^"]+)"\n/);

  const response = await fetch(url, { method });

  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ token: expect.stringMatching(/^ey/) });
  const info = await readInfo(infoFile);
  expect(url.startsWith(`${info.url}/`)).toBe(true);
  expect(info).toMatchObject({ functionKey: expect.any(String), masterKey: expect.any(String) });
  expect(existsSync(info.caFile)).toBe(true);
});

test('prints the URL of the console', async () => {
  const command = start('--port', '0');

  const [, url = ''] = await command.prints(/in a browser:\n\n {2}(\S+)\n/);

  expect(await (await fetch(url)).text()).toContain('Local console');
});

(hasSignals ? test : test.skip)('stops everything when it is interrupted', async () => {
  const infoFile = join(folder, 'interrupted.json');
  const command = start('--port', '0', '--info-file', infoFile);
  const [, method = '', url = ''] = await command.prints(/curl -X (\w+) "([^"]+)"\n/);
  const info = await readInfo(infoFile);

  command.child.kill('SIGINT');

  expect(await command.ended).toBe(0);
  expect([existsSync(infoFile), existsSync(info.caFile)]).toEqual([false, false]);
  await expect(fetch(url, { method })).rejects.toThrow();
  await expect(fetch(info.control)).rejects.toThrow();
});

describe('leaves no process and no file', () => {
  let temporary: string;
  beforeEach(async () => {
    temporary = await mkdtemp(join(folder, 'tmp-'));
  });

  /** In a process group of its own, as a terminal does it. */
  function startGroup(command: string, args: string[]): RunningCommand {
    running = watchCommand(
      spawn(command, args, {
        env: { ...process.env, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    );
    return running;
  }

  async function groupEnds({ child }: RunningCommand): Promise<void> {
    for (;;) {
      try {
        process.kill(-(child.pid ?? NaN), 0);
      } catch {
        return;
      }
      await wait(20);
    }
  }

  (hasSignals ? test.each : test.skip.each)([
    ['Starting the emulators'],
    ['Starting the OpenID Connect provider'],
    ['Starting the Functions host'],
    ['Ctrl-C stops everything'],
  ])('after Ctrl-C at "%s"', async (step) => {
    const command = startGroup(process.execPath, ['local/start.ts', '--port', '0', '--callers', 'oidc']);
    await command.prints(new RegExp(step));

    process.kill(-(command.child.pid ?? NaN), 'SIGINT');

    expect(await command.ended).toBe(0);
    await groupEnds(command);
    expect(await readdir(temporary)).toEqual([]);
  });

  (hasSignals ? test : test.skip)('after the terminal is closed', async () => {
    const infoFile = join(temporary, 'info.json');
    const command = startGroup(process.execPath, ['local/start.ts', '--port', '0', '--info-file', infoFile]);
    await command.prints(/Ctrl-C stops everything/);

    process.kill(-(command.child.pid ?? NaN), 'SIGHUP');

    await groupEnds(command);
    expect(await readdir(temporary)).toEqual([]);
  });

  (hasSignals ? test : test.skip)('after SIGTERM to npm', async () => {
    const options = ['--port', '0', '--info-file', join(temporary, 'info.json')];
    const command = startGroup('npm', ['run', '--ignore-scripts', 'start', '--', ...options]);
    await command.prints(/Ctrl-C stops everything/);

    command.child.kill('SIGTERM');

    await groupEnds(command);
    const left = await readdir(temporary);
    // npm caches its own compiled code there.
    expect(left.filter((name) => name !== 'node-compile-cache')).toEqual([]);
  });
});

test('checks function keys with --enable-auth', async () => {
  const infoFile = join(folder, 'keys.json');
  const command = start('--port', '0', '--enable-auth', '--info-file', infoFile);
  await command.prints(/Ctrl-C stops everything/);
  const { url, functionKey } = await readInfo(infoFile);
  const status = async (query = '', headers: Record<string, string> = {}) =>
    (await fetch(`${url}/users${query}`, { method: 'POST', headers })).status;

  expect(await status()).toBe(401);
  expect(await status('', { 'x-functions-key': 'wrong' })).toBe(401);
  expect(await status('', { 'x-functions-key': functionKey })).toBe(201);
  expect(await status(`?code=${functionKey}`)).toBe(201);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(command.output()).toContain(`-H "x-functions-key: ${functionKey}"`);
});

test('names the port that is taken and the option that changes it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';

  const command = start('--port', port);

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain(`Port ${port} is in use. Choose another with --port`);
  other.close();
});

test.each(['help', '--help'])('prints its options with %s', async (argument) => {
  const command = start(argument);

  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('--info-file PATH');
});

test('names the nearest option', async () => {
  const command = start('--prot', '1');

  expect(await command.ended).toBe(2);
  expect(command.output()).toBe('Unknown option --prot. Did you mean --port? See --help.\n');
});

test('says that npm has taken the options when -- is missing', async () => {
  // What npm sets for `npm start --port 8080`.
  const command = startWith({ npm_lifecycle_event: 'start', npm_config_port: 'true' }, '8080');

  expect(await command.ended).toBe(2);
  expect(command.output()).toContain('npm start -- --port');
});

test('wrong settings stop the start', async () => {
  const command = startWith({ TOKEN_ALLOWED_SCOPES: 'pstn' }, '--port', '0');

  expect(await command.ended).toBe(1);
  expect(command.output()).toContain(
    'The settings are wrong: TOKEN_ALLOWED_SCOPES must name only chat, voip',
  );
});

test('names settings without effect, and the scopes that are allowed', async () => {
  const settings = { TOKEN_ALOWED_SCOPES: 'chat', TOKEN_ALLOWED_SCOPES: 'voip.join', CALLER_AUTH: 'oidc' };
  const command = startWith(settings, '--port', '0');
  await command.prints(/Ctrl-C stops everything/);

  expect(command.output()).toContain(
    'TOKEN_ALOWED_SCOPES is not a setting of this service. Did you mean TOKEN_ALLOWED_SCOPES?\n',
  );
  expect(command.output()).toContain(
    'CALLER_AUTH=oidc has no effect here. Run npm start -- --callers oidc.\n',
  );
  expect(command.output()).toMatch(/curl -X POST "http:\S+\/users\?scope=voip\.join"\n/);
});

describe('with ACS_CONNECTION_STRING', () => {
  test('issues tokens of that resource, and shows the string to nobody', async () => {
    const { ca, server: certificate } = await createCertificates();
    const resource = await startAcsEmulator({ certificate });
    const key = resource.accessKeys.base64('primary');
    const caFile = join(folder, 'resource.pem');
    await writeFile(caFile, ca);
    const infoFile = join(folder, 'real.json');
    const env = {
      ACS_CONNECTION_STRING: `endpoint=${resource.secureUrl ?? ''}/;accesskey=${key}`,
      NODE_EXTRA_CA_CERTS: caFile,
    };
    const command = startWith(env, '--port', '0', '--info-file', infoFile);
    const [, url = ''] = await command.prints(/curl -X POST "([^"]+)"\n/);
    await command.prints(/Ctrl-C stops everything/);

    const response = await fetch(url, { method: 'POST' });
    const info = await readFile(infoFile, 'utf8');
    const emulators = await (await fetch((JSON.parse(info) as Info).control)).text();

    expect(response.status).toBe(201);
    const { token } = (await response.json()) as { token: string };
    expect(await resource.isTokenValid(token)).toBe(true);
    expect(command.output()).toContain('Tokens are real');
    expect(emulators).not.toContain('"name": "acs"');
    for (const text of [command.output(), info, emulators]) expect(text).not.toContain(key);
    await resource.close();
  });

  test.each([
    [
      'an accesskey that is no base64',
      'endpoint=https://hidden.example/;accesskey=hidden!',
      'accesskey is not base64',
    ],
    ['an endpoint on http', 'endpoint=http://hidden.example/;accesskey=aGlkZGVu', 'endpoint must be https'],
    ['something else', 'hidden', 'it must be endpoint='],
  ])('with %s, does not start and quotes nothing', async (_title, value, reason) => {
    const command = startWith({ ACS_CONNECTION_STRING: value }, '--port', '0');

    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('ACS_CONNECTION_STRING is not an ACS connection string');
    expect(command.output()).toContain(reason);
    expect(command.output()).not.toMatch(/hidden|aGlkZGVu/);
  });
});

test.each([['--prot', '1'], ['--port', '65536'], ['--host', 'docker'], ['now']])(
  'rejects %s %s with exit code 2',
  async (...args) => {
    const command = start(...args);

    expect(await command.ended).toBe(2);
    expect(command.output()).toContain('See --help.');
  },
);

test('lets a script rotate the access key through the control interface', async () => {
  const infoFile = join(folder, 'rotate.json');
  await start('--port', '0', '--info-file', infoFile).prints(/Ctrl-C stops everything/);
  const { url, control, acs } = await readInfo(infoFile);
  const post = (path: string, body: unknown) =>
    fetch(`${control}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  await fetch(`${url}/users`, { method: 'POST' });

  await post('vault/setSecret', { name: 'acs-connection-string', value: acs.connectionStrings.secondary });
  await post('acs/regenerateKey', { key: 'primary' });

  expect((await fetch(`${url}/users`, { method: 'POST' })).status).toBe(201);
});
