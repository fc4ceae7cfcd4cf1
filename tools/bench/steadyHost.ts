import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HostMessage } from '../../local/functionsHost/hostMessage.ts';
import { ask, stopProcess } from './childProcess.ts';
import type { FunctionApp } from './subjects.ts';
import type { Usage } from './usageReporter.ts';

/** An app in the local Functions host, in a process of its own. */
export interface SteadyHost {
  url: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

export async function startSteadyHost({ folder, env }: FunctionApp): Promise<SteadyHost> {
  const reporter = pathToFileURL(join(import.meta.dirname, 'usageReporter.ts')).href;
  const program = join(import.meta.dirname, '../../local/functionsHost/hostProcess.ts');
  const child = fork(program, ['--app', folder, '--port', '0', '--compact-log'], {
    env: { ...process.env, ...env },
    execArgv: ['--import', reporter],
    // What the app logs costs it the same as in Azure: one write.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const message = await ask<HostMessage>(child);
  if (message.type === 'failed') throw new Error(message.message);
  return {
    url: message.listing.url,
    usage: () => ask<Usage>(child, 'usage'),
    stop: () => stopProcess(child),
  };
}
