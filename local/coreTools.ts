import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandError } from '../tools/commandLine.ts';
import type { ServiceHost } from './serviceHost.ts';

const STARTUP_TIMEOUT_MS = 120_000;

interface CoreToolsOptions {
  app: string;
  port: number;
  enableAuth: boolean;
  env: NodeJS.ProcessEnv;
  onLog: (line: string) => void;
  /** Stops func when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Serves an app with `func start` of Azure Functions Core Tools. Rejects when func is missing or does not start. */
export async function startCoreTools({
  app,
  port,
  enableAuth,
  env,
  onLog,
  signal,
}: CoreToolsOptions): Promise<ServiceHost> {
  const child = spawn('func', ['start', '--port', String(port), ...(enableAuth ? ['--enableAuth'] : [])], {
    cwd: app,
    env: { ...env, FUNCTIONS_WORKER_RUNTIME: 'node' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // On Windows, npm installs func as a .cmd file, which only a shell can run.
    shell: process.platform === 'win32',
    signal,
  });
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      onLog(text.trimEnd());
    });
  }
  let ended: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      ended = error.code === 'ENOENT' ? 'Azure Functions Core Tools are not installed' : error.message;
      resolve();
    });
    child.once('exit', (code) => {
      ended ??= `func exited with code ${code}`;
      resolve();
    });
  });

  const url = `http://localhost:${port}`;
  const deadline = performance.now() + STARTUP_TIMEOUT_MS;
  while (!(await isServing(`${url}/admin/host/status`))) {
    if (ended !== undefined || performance.now() > deadline) {
      child.kill();
      throw new CommandError(
        `${ended ?? 'func did not start within two minutes'}. Run npm install -g azure-functions-core-tools@4, ` +
          'or omit --host func to use the embedded host.',
      );
    }
    await Promise.race([wait(250), exited]);
  }
  return {
    url,
    exited,
    async stop() {
      child.kill('SIGINT');
      await exited;
    },
  };
}

async function isServing(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
