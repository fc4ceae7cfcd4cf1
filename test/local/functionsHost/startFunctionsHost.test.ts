import { describe, expect, test } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serveApp, serveFolder, writeApp, writeFiles } from './servedApp.ts';

const hello = `
app.http('hello', { route: 'hello/{name}', methods: ['GET'], authLevel: 'function',
  handler: async (request, context) => { context.log('greeting\\n%s', request.params.name); return { body: 'hello' }; } });
`;

describe('startFunctionsHost', () => {
  test.concurrent('serves a folder that holds only a bundle', async () => {
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

  test.concurrent('gives the app only the given environment', async () => {
    const source =
      "app.http('path', { handler: async () => ({ jsonBody: [process.env.GIVEN, process.env.PATH] }) });";
    const host = await serveApp({ source }, { env: { GIVEN: 'yes' } });

    const response = await fetch(`${host.url}/api/path`);

    expect(await response.json()).toEqual(['yes', null]);
  });

  test.concurrent('prefixes every log line with the time', async () => {
    const host = await serveApp({ source: hello });

    await fetch(`${host.url}/api/hello/you`);

    expect(await host.logged('greeting')).toMatch(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] greeting$/);
    expect(await host.logged('you')).toMatch(/Z\] you$/);
  });
});

describe('startFunctionsHost rejects', () => {
  test.concurrent.each([
    [
      'throws while it loads',
      { source: "throw new Error('KEY_VAULT_URI is missing');" },
      'KEY_VAULT_URI is missing',
    ],
    ['registers nothing', { source: 'void app;' }, 'No functions found'],
    [
      'registers a route with a catch-all',
      { source: "app.http('x', { route: 'a/{*rest}', handler: async () => ({}) });" },
      "functions/x: route 'a/{*rest}': only literal segments and {name} are supported by this host",
    ],
    [
      'registers a name twice',
      { source: 'for (const route of "ab") app.http("same", { route, handler: async () => ({}) });' },
      'functions/same: the name is registered twice',
    ],
    [
      'registers a hook',
      { source: 'app.hook.preInvocation(() => undefined);' },
      'app.hook.preInvocation: hooks are not supported by this host',
    ],
    [
      'enables HTTP streams',
      { source: "app.setup({ enableHttpStream: true }); app.http('a', { handler: async () => ({}) });" },
      'enableHttpStream',
    ],
    ['is not built', { source: '', packageJson: { main: 'build/main.js' } }, 'Run npm run build'],
    ['has no main', { source: '', packageJson: { main: undefined } }, 'has no "main"'],
    ['is for another version', { source: '', hostJson: { version: '1.0' } }, 'host.json: '],
  ])('an app that %s', async (_, app, reason) => {
    await expect(serveApp(app)).rejects.toThrow(reason);
  });

  test.concurrent('a folder without host.json', async () => {
    await expect(serveFolder(await writeFiles({}))).rejects.toThrow('No host.json in');
  });

  test.concurrent('an app that exits while it loads', async () => {
    await expect(serveApp({ source: 'process.exit(3);' })).rejects.toThrow('exited before it was ready (3)');
  });
});

describe('the process', () => {
  test.concurrent('exits when it is stopped', async () => {
    const host = await serveApp({ source: hello });

    await host.stop();

    expect(await host.exited).toEqual({ code: 0, signal: null });
    await expect(fetch(host.url)).rejects.toThrow('fetch failed');
  });

  test.concurrent('completes running requests before it exits', async () => {
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

  test.concurrent('exits when its parent is killed', async () => {
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
