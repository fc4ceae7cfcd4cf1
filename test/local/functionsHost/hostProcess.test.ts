import { describe, expect, test } from '@jest/globals';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { hasSignals } from '../../e2e/command.ts';
import { writeApp } from './servedApp.ts';

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
  test.concurrent('prints the usage with --help', async () => {
    const { code, stdout } = await run('--help');

    expect(code).toBe(0);
    expect(stdout).toContain('[--app DIR] [--port N] [--enable-auth]');
  });

  test.concurrent.each([
    [['--port', 'many'], "--port must be a whole number from 0 to 65535, not 'many'. See --help.\n"],
    [['--port', '65536'], "--port must be a whole number from 0 to 65535, not '65536'. See --help.\n"],
    [['--ports', '1'], 'Unknown option --ports. Did you mean --port? See --help.\n'],
  ])('rejects %j in one line', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: message });
  });

  test.concurrent('reports a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const { code, stderr } = await run('--app', await writeApp({ source }), '--port', String(port));

    expect(code).toBe(1);
    expect(stderr).toBe(`Port ${port} is in use. Choose another with --port.\n`);
    other.close();
  });

  test.concurrent('prints the stack of an app that throws while it loads', async () => {
    const app = await writeApp({ source: "throw new Error('broken');" });

    const { code, stderr } = await run('--app', app, '--port', '0');

    expect(code).toBe(1);
    expect(stderr).toContain('    at ');
    expect(stderr).toMatch(/Could not load .*main\.cjs: broken\n$/);
  });
});

describe('the printed listing', () => {
  test.concurrent('shows the functions as Core Tools does, and no keys', async () => {
    const child = start('--app', await writeApp({ source }), '--port', '0');

    const output = await outputUntil(child, '/api/users');
    child.kill('SIGTERM');

    expect(output).toMatch(/^\nFunctions:\n\n\tusers: \[GET,POST\] http:\/\/localhost:\d+\/api\/users\n\n$/);
    expect(await once(child, 'exit')).toEqual(hasSignals ? [0, null] : [null, 'SIGTERM']);
  });

  test.concurrent('shows the keys with --enable-auth', async () => {
    const child = start('--app', await writeApp({ source }), '--port', '0', '--enable-auth');

    const output = await outputUntil(child, 'Master key');
    child.kill('SIGINT');

    expect(output).toMatch(/\nFunction key: \S+\nMaster key: \S+\n/);
    expect(await once(child, 'exit')).toEqual(hasSignals ? [0, null] : [null, 'SIGINT']);
  });
});
