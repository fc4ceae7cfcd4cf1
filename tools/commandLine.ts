/** An error whose message is meant for the user of a command. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Reads the options of a command. Prints the usage for --help; exits with 2 when `read` throws. */
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

/** Reads a port from 0 to 65535; 0 means any free port. */
export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new RangeError(`--port must be a number from 0 to 65535, not '${text}'`);
  }
  return Number(text);
}

/** Runs a command and prints the message of an error it throws. */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : 1;
  }
}
