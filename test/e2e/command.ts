import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

/** Windows has no signals: `kill` ends a process at once, without cleanup. */
export const hasSignals = process.platform !== 'win32';

/** A running command of this project. */
export interface RunningCommand {
  child: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Resolves with the first match in the output; rejects when the command ends without one. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code. */
  ended: Promise<number | null>;
}

/** Runs `node <script> <args>`, as the npm scripts do; by default in this project's folder. */
export function runCommand(
  script: string,
  args: string[],
  env: Record<string, string> = {},
  folder = '.',
): RunningCommand {
  return watchCommand(
    spawn(process.execPath, [resolve(script), ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** Collects the output of a running command. */
export function watchCommand(child: ChildProcessByStdio<null, Readable, Readable>): RunningCommand {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.emit('output');
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    child.emit('output');
    return code as number | null;
  });
  return {
    child,
    output: () => output,
    ended,
    async prints(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (child.exitCode !== null)
          throw new Error(`It ended without printing ${String(pattern)}:\n${output}`);
        await once(child, 'output');
      }
    },
  };
}
