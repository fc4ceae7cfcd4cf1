import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HostListing, HostMessage } from './hostMessage.ts';

const stopGraceMs = 5_000;

export interface FunctionsHostOptions {
  /** The folder of host.json and package.json. */
  app: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Check function keys as Azure does. */
  enableAuth?: boolean;
  /** All the environment the app gets, local.settings.json aside. */
  env: NodeJS.ProcessEnv;
  /** Takes every line the host and the app write. */
  onLog?: (line: string) => void;
}

export interface HostExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface FunctionsHost extends HostListing {
  pid: number | undefined;
  /** Lets running requests end for a moment; resolves when the process is gone. */
  stop(): Promise<void>;
  /** Resolves when the process is gone, for whatever reason. */
  exited: Promise<HostExit>;
}

/**
 * Serves an app in a process of its own, which ends with this one. Rejects with what is wrong when the app
 * cannot be served.
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { app, port = 0, enableAuth = false, env, onLog } = options;
  const args = ['--app', app, '--port', String(port), ...(enableAuth ? ['--enable-auth'] : [])];
  const child = fork(join(import.meta.dirname, 'hostProcess.ts'), args, {
    env,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const output of [child.stdout, child.stderr]) {
    if (output) createInterface({ input: output }).on('line', (line) => onLog?.(line));
  }
  const exited = new Promise<HostExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const answer = await Promise.race([
    once(child, 'message').then(([message]: unknown[]) => message as HostMessage),
    // The exit may be seen before the message that explains it; 'close' comes after both.
    once(child, 'close').then(([code, signal]: unknown[]): HostMessage => {
      return {
        type: 'failed',
        message: `The Functions host ended before it was ready (${String(signal ?? code)}).`,
      };
    }),
  ]);
  if (answer.type === 'failed') {
    await exited;
    throw new Error(answer.message);
  }
  const { url, port: takenPort, functions, functionKey, masterKey } = answer;
  return {
    url,
    port: takenPort,
    functions,
    functionKey,
    masterKey,
    pid: child.pid,
    exited,
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
