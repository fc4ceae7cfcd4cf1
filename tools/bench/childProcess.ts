import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a program of this folder in a process of its own, which ends with this one. */
export function startProcess(program: string): ChildProcess {
  return fork(join(import.meta.dirname, program), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Sends a message, if there is one, and waits for the next answer. Rejects when the process ends instead. */
export async function ask<Answer>(child: ChildProcess, message?: Serializable): Promise<Answer> {
  const ended = new AbortController();
  try {
    const answer = once(child, 'message', { signal: ended.signal });
    answer.catch(() => undefined);
    if (message !== undefined) child.send(message);
    const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]: unknown[]) => {
      throw new Error(`A process of the benchmark ended (${String(signal ?? code)}).`);
    });
    exit.catch(() => undefined);
    const [first] = (await Promise.race([answer, exit])) as [Answer];
    return first;
  } finally {
    ended.abort();
  }
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}
