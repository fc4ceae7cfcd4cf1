import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConsoleOptions } from '../console/startConsole.ts';
import type { HostListing, HostMessage } from './hostMessage.ts';

const STOP_GRACE_MS = 5_000;

/** How to start the Functions host. */
export interface FunctionsHostOptions {
  /** The folder of host.json and package.json. */
  app: string;
  /** 0, the default, takes a free port. */
  port?: number;
  /** Checks function keys, as Azure does. */
  enableAuth?: boolean;
  /** Lets pages on any port of this machine call the functions. */
  allowLocalPages?: boolean;
  /** One line for each request, instead of what Core Tools prints. */
  compactLog?: boolean;
  /** Serves the local console instead of the homepage. */
  console?: ConsoleOptions;
  /** The app's environment, to which local.settings.json adds. */
  env: NodeJS.ProcessEnv;
  /** Receives every line that the host and the app write. */
  onLog?: (line: string) => void;
  /** Stops the host when it aborts. */
  signal?: AbortSignal | undefined;
}

/** How the host's process ended. */
export interface HostExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running Functions host. */
export interface FunctionsHost extends HostListing {
  pid: number | undefined;
  /** Waits up to a second for running requests. Resolves when the process has exited. */
  stop(): Promise<void>;
  /** Resolves when the process exits for any reason. */
  exited: Promise<HostExit>;
}

/** Serves an app in a child process, which exits with this one. Rejects with the reason when the app cannot start. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { app, port = 0, console, env, onLog, signal } = options;
  const args = ['--app', app, '--port', String(port)];
  if (options.enableAuth) args.push('--enable-auth');
  if (options.allowLocalPages) args.push('--allow-local-pages');
  if (options.compactLog) args.push('--compact-log');
  if (console !== undefined) args.push('--console', console.controlUrl);
  if (console?.sampleUsersUrl !== undefined) args.push('--sample-users', console.sampleUsersUrl);
  const child = fork(join(import.meta.dirname, 'hostProcess.ts'), args, {
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    signal,
  });
  child.on('error', () => undefined);
  for (const output of [child.stdout, child.stderr]) {
    if (output) createInterface({ input: output }).on('line', (line) => onLog?.(line));
  }
  const exited = new Promise<HostExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const message = await Promise.race([
    once(child, 'message').then(([message]: unknown[]) => message as HostMessage),
    // 'exit' can precede the message that explains it; 'close' follows both.
    once(child, 'close').then(([code, signal]: unknown[]): HostMessage => {
      return {
        type: 'failed',
        message: `The Functions host exited before it was ready (${String(signal ?? code)}).`,
      };
    }),
  ]);
  if (message.type === 'failed') {
    await exited;
    throw new Error(message.message);
  }
  return {
    ...message.listing,
    pid: child.pid,
    exited,
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
