import { describe, expect, test } from '@jest/globals';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { hasSignals } from '../../e2e/command.ts';
import { writeApp } from './functionApp.ts';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const source = "app.http('users', { methods: ['GET', 'POST'], handler: async () => ({}) });";
const main = join(__dirname, '../../../local/functionsHost/hostProcess.ts');

function start(...args: string[]): Child {
  return spawn(process.execPath, [main, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(...args: string[]) {
  const child = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

async function outputUntil(child: Child, end: string): Promise<string> {
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes(end)) break;
  }
  return output;
}

describe('the command line', () => {
  test.concurrent('--help tells the usage', async () => {
    const { code, stdout } = await run('--help');

    expect(code).toBe(0);
    expect(stdout).toContain('[--app DIR] [--port N] [--enable-auth]');
  });

  test.concurrent.each([
    [['--port', 'many'], "--port must be a number from 0 to 65535, not 'many'. See --help.\n"],
    [['--port', '65536'], "--port must be a number from 0 to 65535, not '65536'. See --help.\n"],
    [['--ports', '1'], "Unknown option '--ports'. See --help.\n"],
  ])('%j is refused in one line', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: message });
  });

  test.concurrent('a taken port is refused with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const { code, stderr } = await run('--app', await writeApp({ source }), '--port', String(port));

    expect(code).toBe(1);
    expect(stderr).toBe(`Port ${port} is taken; choose another with --port.\n`);
    other.close();
  });

  test.concurrent('an app that throws when it loads is refused with where it did', async () => {
    const app = await writeApp({ source: "throw new Error('broken');" });

    const { code, stderr } = await run('--app', app, '--port', '0');

    expect(code).toBe(1);
    expect(stderr).toContain('    at ');
    expect(stderr).toMatch(/The app could not be loaded from .*main\.cjs: broken\n$/);
  });
});

describe('without a parent to tell', () => {
  test.concurrent(
    'the functions are listed as Core Tools lists them, keys only when they are checked',
    async () => {
      const child = start('--app', await writeApp({ source }), '--port', '0');

      const output = await outputUntil(child, '/api/users');
      child.kill('SIGTERM');

      expect(output).toMatch(
        /^\nFunctions:\n\n\tusers: \[GET,POST\] http:\/\/localhost:\d+\/api\/users\n\n$/,
      );
      expect(await once(child, 'exit')).toEqual(hasSignals ? [0, null] : [null, 'SIGTERM']);
    },
  );

  test.concurrent('the keys are listed when they are checked', async () => {
    const child = start('--app', await writeApp({ source }), '--port', '0', '--enable-auth');

    const output = await outputUntil(child, 'Master key');
    child.kill('SIGINT');

    expect(output).toMatch(/\nFunction key: \S+\nMaster key: \S+\n/);
    expect(await once(child, 'exit')).toEqual(hasSignals ? [0, null] : [null, 'SIGINT']);
  });

  test.concurrent('the port is the one of local.settings.json', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const localSettings = { IsEncrypted: false, Host: { LocalHttpPort: port } };

    const child = start('--app', await writeApp({ source, localSettings }));
    const output = await outputUntil(child, '/api/users');
    child.kill('SIGTERM');

    expect(output).toContain(`http://localhost:${port}/api/users`);
    await once(child, 'exit');
  });

  (hasSignals ? test.concurrent : test.skip)('a second signal ends it at once', async () => {
    const hanging =
      "app.hook.appTerminate(() => { console.log('terminating'); return new Promise((end) => setTimeout(end, 60_000)); });";
    const child = start('--app', await writeApp({ source: hanging + source }), '--port', '0');
    await outputUntil(child, '/api/users');

    child.kill('SIGTERM');
    await outputUntil(child, 'terminating');
    child.kill('SIGTERM');

    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});
