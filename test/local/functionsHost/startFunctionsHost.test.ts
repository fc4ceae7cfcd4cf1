import { describe, expect, test } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serveApp, serveFolder, writeApp, writeFiles } from './functionApp.ts';

const hello = `
app.http('hello', { route: 'hello/{name}', methods: ['GET'], authLevel: 'function',
  handler: async (request, context) => { context.log('greeting\\n%s', request.params.name); return { body: 'hello' }; } });
`;

describe('an app', () => {
  test.concurrent('is served from a folder that holds its bundle alone', async () => {
    const host = await serveApp({ source: hello });

    const response = await fetch(`${host.url}/api/hello/you`);

    expect(await response.text()).toBe('hello');
    expect(host).toMatchObject({
      url: `http://localhost:${host.port}`,
      functions: [
        { name: 'hello', methods: ['GET'], url: `${host.url}/api/hello/{name}`, authLevel: 'function' },
      ],
    });
  });

  test.concurrent('may be an ES module bundle', async () => {
    const host = await serveApp({ source: hello, format: 'esm' });

    const response = await fetch(`${host.url}/api/hello/you`);

    expect(await response.text()).toBe('hello');
  });

  test.concurrent('may be several unbundled ES modules', async () => {
    const registration = (name: string) => `
      import { app } from '@azure/functions';
      app.http('${name}', { handler: async () => ({ body: '${name}' }) });
    `;
    const folder = await writeFiles({
      'host.json': '{ "version": "2.0" /* comments are allowed */ }',
      'package.json': '{ "type": "module", "main": "dist/functions/*.js" }',
      'dist/functions/one.js': registration('one'),
      'dist/functions/two.js': registration('two'),
      'dist/other.js': "throw new Error('loaded without being named')",
    });
    // A junction, because any other link needs a privilege on Windows.
    await symlink(join(__dirname, '../../../node_modules'), join(folder, 'node_modules'), 'junction');

    const host = await serveFolder(folder);

    expect(host.functions.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(await (await fetch(`${host.url}/api/two`)).text()).toBe('two');
  });

  test.concurrent('gets nothing but the given environment', async () => {
    const source =
      "app.http('path', { handler: async () => ({ jsonBody: [process.env.GIVEN, process.env.PATH] }) });";
    const host = await serveApp({ source }, { env: { GIVEN: 'yes' } });

    const response = await fetch(`${host.url}/api/path`);

    expect(await response.json()).toEqual(['yes', null]);
  });

  test.concurrent('has every line it logs prefixed with the time', async () => {
    const host = await serveApp({ source: hello });

    await fetch(`${host.url}/api/hello/you`);

    expect(await host.logged('greeting')).toMatch(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] greeting$/);
    expect(await host.logged('you')).toMatch(/Z\] you$/);
  });
});

describe('an app that cannot be served', () => {
  test.concurrent.each([
    [
      'throws when it loads',
      { source: "throw new Error('KEY_VAULT_URI is missing');" },
      'KEY_VAULT_URI is missing',
    ],
    ['registers nothing', { source: 'void app;' }, 'No functions found'],
    [
      'registers reserved routes only',
      { source: "app.http('admin', { handler: async () => ({}) });" },
      "The 'admin' function is in error",
    ],
    [
      'registers a name twice',
      { source: 'for (const route of "ab") app.http("same", { route, handler: async () => ({}) });' },
      "The function name 'same' must be unique",
    ],
    [
      'fails in appStart',
      { source: "app.hook.appStart(() => { throw new Error('no start'); });" },
      'no start',
    ],
    [
      'streams',
      { source: "app.setup({ enableHttpStream: true }); app.http('a', { handler: async () => ({}) });" },
      'enableHttpStream',
    ],
    ['is not built', { source: '', packageJson: { main: 'build/*.js' } }, 'run npm run build'],
    ['has no main', { source: '', packageJson: { main: undefined } }, 'has no "main"'],
    ['is for another version', { source: '', hostJson: { version: '1.0' } }, 'host.json: '],
  ])('%s: the start fails with the reason', async (_, app, reason) => {
    await expect(serveApp(app)).rejects.toThrow(reason);
  });

  test.concurrent('is no function app: the start fails with the reason', async () => {
    await expect(serveFolder(await writeFiles({}))).rejects.toThrow('There is no host.json');
  });

  test.concurrent('ends its process: the start fails', async () => {
    await expect(serveApp({ source: 'process.exit(3);' })).rejects.toThrow('ended before it was ready (3)');
  });
});

describe('the process', () => {
  test.concurrent('ends when it is stopped', async () => {
    const host = await serveApp({ source: hello });

    await host.stop();

    expect(await host.exited).toEqual({ code: 0, signal: null });
    await expect(fetch(host.url)).rejects.toThrow('fetch failed');
  });

  test.concurrent('answers running requests before it ends', async () => {
    const source = `app.http('slow', { handler: () => new Promise((resolve) => {
      process.once('disconnect', () => resolve({ body: 'in time' }));
      console.log('running');
    }) });`;
    const host = await serveApp({ source });
    const answer = fetch(`${host.url}/api/slow`).then((response) => response.text());
    await host.logged('running');

    await host.stop();

    expect(await answer).toBe('in time');
  });

  test.concurrent('ends when the one that started it is gone', async () => {
    const starter = `
      const { startFunctionsHost } = await import(process.argv[2]);
      const { url } = await startFunctionsHost({ app: process.argv[3], env: {} });
      process.send(url);
    `;
    const folder = await writeFiles({ 'starter.mjs': starter });
    const { href: module } = pathToFileURL(
      join(__dirname, '../../../local/functionsHost/startFunctionsHost.ts'),
    );
    const parent = fork(join(folder, 'starter.mjs'), [module, await writeApp({ source: hello })], {
      execArgv: [],
    });
    const [url] = (await once(parent, 'message')) as [string];

    parent.kill('SIGKILL');

    await expect(refused(url)).resolves.toBeUndefined();
  });
});

async function refused(url: string): Promise<void> {
  while (await answers(url)) await new Promise(setImmediate);
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
