import type { RpcLogLevel } from './coreTypes.ts';

const hidden: ReadonlySet<RpcLogLevel> = new Set(['trace', 'debug', 'none']);

export type WriteLog = (level: RpcLogLevel, message: string) => void;

/** Writes a log entry in the format of Core Tools: information and above, with the time on every line. */
export function writeLog(level: RpcLogLevel, message: string): void {
  if (hidden.has(level)) return;
  const time = new Date().toISOString();
  process.stdout.write(message.replace(/^/gm, `[${time}] `) + '\n');
}
