/** A command that cannot go on, said in words for whoever typed it. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a command line's `read`, turning what it throws into the usual exit code for a wrong call, 2. */
export function readCommandLine<Options>(usage: string, read: () => Options & { help: boolean }): Options {
  try {
    const options = read();
    if (options.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return options;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${reason.replace(/\.?$/, '.')} See --help.\n`);
    process.exit(2);
  }
}

/** A port as typed: a whole number from 0 to 65535, 0 for a free one. */
export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new RangeError(`--port must be a number from 0 to 65535, not '${text}'`);
  }
  return Number(text);
}

/** Runs a command to its end; what it throws is told in one line. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : 1;
  }
}
