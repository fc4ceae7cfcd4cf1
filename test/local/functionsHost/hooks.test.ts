import { expect, test } from '@jest/globals';
import { serveApp } from './functionApp.ts';

test.concurrent('hooks run around every invocation, in order, and share their data', async () => {
  const host = await serveApp({
    source: `
      app.hook.preInvocation((context) => {
        context.hookData.before = 'pre';
        context.inputs = ['replaced input'];
        const handler = context.functionHandler;
        context.functionHandler = async (...inputs) => ({ ...(await handler(...inputs)), status: 201 });
      });
      app.hook.postInvocation((context) => {
        context.result = { ...context.result, body: context.result.body + ' ' + context.hookData.before };
      });
      app.http('hooked', { handler: async (input) => ({ body: input }) });
    `,
  });

  const response = await fetch(`${host.url}/api/hooked`);

  expect(response.status).toBe(201);
  expect(await response.text()).toBe('replaced input pre');
});

test.concurrent('a postInvocation hook can answer for a function that failed', async () => {
  const host = await serveApp({
    source: `
      app.hook.postInvocation((context) => {
        context.result = { status: 418, body: context.error.message };
        context.error = undefined;
      });
      app.http('failing', { handler: async () => { throw new Error('caught by the hook'); } });
    `,
  });

  const response = await fetch(`${host.url}/api/failing`);

  expect(response.status).toBe(418);
  expect(await response.text()).toBe('caught by the hook');
});

test.concurrent('a log hook changes what is logged', async () => {
  const host = await serveApp({
    source: `
      app.hook.log((context) => {
        if (context.category === 'user') context.message += ' for ' + context.invocationContext.functionName;
      });
      app.http('logging', { handler: async (_, context) => { context.warn('a line'); return {}; } });
    `,
  });

  await fetch(`${host.url}/api/logging`);

  expect(await host.logged('a line')).toMatch(/^\[\d{4}-.*Z\] a line for logging$/);
});

test.concurrent(
  'appStart runs before requests are taken, appTerminate when the host stops, with the same data',
  async () => {
    const host = await serveApp({
      source: `
      let started = 'no';
      app.hook.appStart(async (context) => { started = 'yes'; context.hookData.word = 'goodbye'; });
      app.hook.appTerminate((context) => { console.log(context.hookData.word); });
      app.http('started', { handler: async () => ({ body: started }) });
    `,
    });
    const response = await fetch(`${host.url}/api/started`);

    await host.stop();

    expect(await response.text()).toBe('yes');
    await host.logged('goodbye');
  },
);

test.concurrent('a disposed hook no longer runs', async () => {
  const host = await serveApp({
    source: `
      app.hook.preInvocation(() => { throw new Error('still there'); }).dispose();
      app.http('any', { handler: async () => ({ body: 'undisturbed' }) });
    `,
  });

  const response = await fetch(`${host.url}/api/any`);

  expect(await response.text()).toBe('undisturbed');
});
