import type { RpcLogLevel } from './coreTypes.ts';

const hidden: ReadonlySet<RpcLogLevel> = new Set(['trace', 'debug', 'none']);

/** Writes a log entry as Core Tools shows it: information and above, every line with the time. */
export function writeLog(level: RpcLogLevel, message: string): void {
  if (hidden.has(level)) return;
  const time = new Date().toISOString();
  process.stdout.write(message.replace(/^/gm, `[${time}] `) + '\n');
}
