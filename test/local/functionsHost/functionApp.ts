import { afterAll } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, type Format } from 'esbuild';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../../../local/functionsHost/startFunctionsHost.ts';

/** A function app as it is deployed: one bundle, in a folder with no node_modules around it. */
export interface FunctionApp {
  /** The app's code; `app` of `@azure/functions` is imported for it. */
  source: string;
  format?: Format;
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

export async function writeApp(app: FunctionApp): Promise<string> {
  const { format = 'cjs', hostJson, packageJson, localSettings } = app;
  return writeFiles({
    'host.json': JSON.stringify({ version: '2.0', ...hostJson }),
    'package.json': JSON.stringify({ main: `dist/main.${format === 'cjs' ? 'cjs' : 'mjs'}`, ...packageJson }),
    ...(localSettings && { 'local.settings.json': JSON.stringify(localSettings) }),
    [`dist/main.${format === 'cjs' ? 'cjs' : 'mjs'}`]: await bundle(app.source, format),
  });
}

async function bundle(source: string, format: Format): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `import { app } from '@azure/functions';\n${source}`, resolveDir: __dirname },
    bundle: true,
    write: false,
    platform: 'node',
    format,
    external: ['@azure/functions-core'],
    ...(format === 'esm' && {
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    }),
  });
  return outputFiles[0]?.text ?? '';
}

/** A running host with what it has logged so far. */
export interface ServedApp extends FunctionsHost {
  log: string[];
  /** Resolves when a line that contains the text has been logged. */
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
