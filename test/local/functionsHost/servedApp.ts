import { afterAll } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../../../local/functionsHost/startFunctionsHost.ts';

/** A function app as deployed: one bundle, in a folder without node_modules. */
export interface FunctionApp {
  /** The app's code; `app` of `@azure/functions` is already imported. */
  source: string;
  hostJson?: object;
  packageJson?: object;
  localSettings?: object;
}

const folders: string[] = [];
const hosts: FunctionsHost[] = [];

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

export async function writeFiles(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'function-app-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

export async function writeApp({
  source,
  hostJson,
  packageJson,
  localSettings,
}: FunctionApp): Promise<string> {
  return writeFiles({
    'host.json': JSON.stringify({ version: '2.0', ...hostJson }),
    'package.json': JSON.stringify({ main: 'dist/main.cjs', ...packageJson }),
    ...(localSettings && { 'local.settings.json': JSON.stringify(localSettings) }),
    'dist/main.cjs': await bundle(source),
  });
}

async function bundle(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `import { app } from '@azure/functions';\n${source}`, resolveDir: __dirname },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    external: ['@azure/functions-core'],
  });
  return outputFiles[0]?.text ?? '';
}

/** A running host and its log so far. */
export interface ServedApp extends FunctionsHost {
  log: string[];
  /** Resolves with the first log line that contains the text. */
  logged(text: string): Promise<string>;
}

export async function serveFolder(
  folder: string,
  options: Partial<FunctionsHostOptions> = {},
): Promise<ServedApp> {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const host = await startFunctionsHost({
    app: folder,
    env: {},
    onLog: (line) => {
      log.push(line);
      for (const look of waiting) look();
    },
    ...options,
  });
  hosts.push(host);
  return {
    ...host,
    log,
    logged: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const line = log.find((each) => each.includes(text));
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      }),
  };
}

export async function serveApp(
  app: FunctionApp,
  options?: Partial<FunctionsHostOptions>,
): Promise<ServedApp> {
  return serveFolder(await writeApp(app), options);
}
