import { type ConsoleOptions, startConsole } from '../console/startConsole.ts';
import { loadApp } from './appLoader.ts';
import { provideFunctionsCore } from './functionsCore.ts';
import { readHostJson } from './hostJson.ts';
import { type HttpFunction, httpFunctions } from './httpFunctions.ts';
import { serveHttp } from './httpServer.ts';
import { createKeys, type Keys } from './keys.ts';
import { applyEnvironment, readLocalSettings } from './localSettings.ts';
import { createRequestHandler } from './requestHandler.ts';
import { StartError } from './startError.ts';
import { Worker } from './worker.ts';

/** How to start the host. */
export interface HostOptions {
  /** The folder of host.json and package.json, absolute. */
  app: string;
  /** 0 takes a free port. */
  port: number;
  enableAuth: boolean;
  /** Lets pages on any port of this machine call the functions. */
  allowLocalPages: boolean;
  /** One line for each request, instead of what Core Tools prints. */
  compactLog: boolean;
  /** Serves the local console instead of the homepage. */
  console?: ConsoleOptions | undefined;
}

/** A host that serves an app. */
export interface Host {
  url: string;
  port: number;
  functions: readonly HttpFunction[];
  keys: Keys;
  close(): Promise<void>;
}

/** Loads the app into this process and serves it. Call it once per process: an app cannot be unloaded. */
export async function startHost({
  app,
  port,
  enableAuth,
  allowLocalPages,
  compactLog,
  console,
}: HostOptions): Promise<Host> {
  const { routePrefix } = await readHostJson(app);
  const settings = await readLocalSettings(app);
  applyEnvironment(settings.values, process.env);

  const worker = new Worker();
  provideFunctionsCore(worker);
  await loadApp(app);
  const { programmingModel } = worker;
  if (programmingModel === undefined || worker.functions.size === 0) {
    throw new StartError('No functions found: "main" in package.json registers none with app.http.');
  }
  const capabilities = await programmingModel.getCapabilities?.({});
  if (capabilities?.['HttpUri'] !== undefined) {
    throw new StartError('app.setup({ enableHttpStream: true }) is not supported by this host.');
  }
  const functions = httpFunctions(worker.functions.values(), routePrefix);

  const keys = createKeys();
  const page = console && startConsole(app, enableAuth, console);
  const handler = createRequestHandler({
    programmingModel,
    functions,
    keys: enableAuth ? keys : undefined,
    cors: { ...settings.cors, loopback: allowLocalPages },
    compactLog,
    homepageDisabled: process.env['AzureWebJobsDisableHomepage']?.toLowerCase() === 'true',
    observer: page?.observer,
  });
  const server = await serveHttp(page?.before(handler) ?? handler, port);
  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    functions,
    keys,
    close: () => server.close(),
  };
}
