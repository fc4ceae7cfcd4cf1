import { loadApp } from './appLoader.ts';
import { provideFunctionsCore } from './functionsCore.ts';
import { readHostJson } from './hostJson.ts';
import { type HttpFunction, httpFunctions } from './httpFunctions.ts';
import { serveHttp } from './httpServer.ts';
import { createKeys, type Keys } from './keys.ts';
import { applyEnvironment, readLocalSettings } from './localSettings.ts';
import { writeLog } from './log.ts';
import { bodyLimit } from './requestBody.ts';
import { createRequestHandler } from './requestHandler.ts';
import { StartError } from './startError.ts';
import { Worker } from './worker.ts';

const defaultPort = 7071;

export interface HostOptions {
  /** The folder of host.json and package.json, absolute. */
  app: string;
  /** 0 takes a free one; otherwise local.settings.json's, or 7071. */
  port?: number | undefined;
  enableAuth: boolean;
}

export interface Host {
  url: string;
  port: number;
  functions: readonly HttpFunction[];
  keys: Keys;
  close(): Promise<void>;
}

/** Loads the app into this process and serves it. Once per process: an app cannot be unloaded. */
export async function startHost({ app, port, enableAuth }: HostOptions): Promise<Host> {
  const { routePrefix } = await readHostJson(app);
  const settings = await readLocalSettings(app);
  applyEnvironment(settings.values, process.env);

  const worker = new Worker(writeLog);
  provideFunctionsCore(worker);
  await loadApp(app);
  await startWorker(worker, app);
  const functions = servedFunctions(worker, routePrefix);

  const keys = createKeys();
  const handler = createRequestHandler({
    worker,
    functions,
    keys: enableAuth ? keys : undefined,
    cors: settings.cors,
    bodyLimit: bodyLimit(process.env),
    homepageDisabled: process.env['AzureWebJobsDisableHomepage']?.toLowerCase() === 'true',
  });
  const server = await serveHttp(handler, port ?? settings.port ?? defaultPort);
  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    functions,
    keys,
    async close() {
      await server.close();
      await worker.executeHooks('appTerminate', appHookContext(worker));
    },
  };
}

async function startWorker(worker: Worker, app: string): Promise<void> {
  await worker.executeHooks('appStart', { ...appHookContext(worker), functionAppDirectory: app });
  const capabilities = await worker.programmingModel?.getCapabilities?.({});
  if (capabilities?.['HttpUri'] !== undefined) {
    throw new StartError(
      'The app calls app.setup({ enableHttpStream: true }), which this host does not serve.',
    );
  }
  worker.start();
}

function appHookContext(worker: Worker): object {
  return { hookData: worker.appLevelHookData, appHookData: worker.appHookData };
}

function servedFunctions(worker: Worker, routePrefix: string): HttpFunction[] {
  const { functions, errors } = httpFunctions(worker.functions.values(), routePrefix);
  for (const error of errors) worker.log('error', 'system', error);
  if (functions.length > 0) return functions;
  throw new StartError(
    errors.length > 0
      ? `No function can be served. ${errors.join(' ')}`
      : 'No functions found: what "main" in package.json names was loaded but registered none with app.http.',
  );
}
