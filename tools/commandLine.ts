import { nearestName } from './nearestName.ts';

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
    const reason = explain(error, usage);
    process.stderr.write(`${reason.replace(/[.?]?$/, (end) => end || '.')} See --help.\n`);
    process.exit(2);
  }
}

/** The message of an error; for a misspelt option, with the nearest one that the usage names. */
function explain(error: unknown, usage: string): string {
  if (!(error instanceof Error)) return String(error);
  const [, option] = /^Unknown option '(--[\w-]+)/.exec(error.message) ?? [];
  if (option === undefined) return error.message.replaceAll('\n', ' ');
  const nearest = nearestName(option, usage.match(/--[a-z][\w-]*/g) ?? []);
  return `Unknown option ${option}.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`;
}

/** Reads a port from 0 to 65535; 0 means any free port. */
export function readPort(text: string, option = '--port'): number {
  return readNumber(option, text, 0, 65_535);
}

/** Reads a whole number from `min` to `max`. */
export function readNumber(option: string, text: string, min: number, max: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new RangeError(`${option} must be a whole number from ${min} to ${max}, not '${text}'`);
}

/** Reads whole numbers from `min` to `max`, separated by commas. */
export function readNumbers(option: string, text: string, min: number, max: number): number[] {
  return text.split(',').map((part) => readNumber(option, part, min, max));
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
