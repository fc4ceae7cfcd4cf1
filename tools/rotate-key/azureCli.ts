import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import spawn from 'cross-spawn';
import type * as z from 'zod';
import { CommandError } from '../commandLine.ts';

const AZ_TIMEOUT_MS = 15 * 60_000;

/** One call of `az`: its arguments and its standard input. */
export interface AzCommand {
  args: readonly string[];
  input?: string;
}

/** Runs `az` and returns its stdout. Rejects with its stderr when it fails. */
export type AzureCli = (command: AzCommand) => Promise<string>;

/** The `az` on the PATH of `env`, with the user's login. The signal ends a running command. */
export function azureCli(env: NodeJS.ProcessEnv, signal: AbortSignal): AzureCli {
  return async ({ args, input = '' }) => {
    const limit = AbortSignal.timeout(AZ_TIMEOUT_MS);
    // On Windows az is az.cmd. cross-spawn runs it without passing the arguments through a shell.
    const child = spawn('az', [...args], {
      // The user's log file, if enabled, would hold the keys in az's responses.
      env: { ...env, AZURE_LOGGING_ENABLE_LOG_FILE: 'false', AZURE_CORE_NO_COLOR: 'true' },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, limit]),
    });
    const { stdin, stdout, stderr } = child;
    // An az that fails early does not read stdin.
    stdin?.on('error', () => undefined).end(input);
    try {
      const [output, errorOutput, [code]] = await Promise.all([
        stdout === null ? '' : text(stdout),
        stderr === null ? '' : text(stderr),
        once(child, 'close') as Promise<[number | null]>,
      ]);
      if (code === 0) return output;
      throw new CommandError(`az ${commandName(args)} failed: ${errorOutput.trim() || `exit code ${code}`}`);
    } catch (error) {
      stdout?.destroy();
      stderr?.destroy();
      throw toCommandError(error, args, limit);
    }
  };
}

/** Runs `az` and parses its JSON output. */
export async function readFromAzure<T>(
  az: AzureCli,
  schema: z.ZodType<T>,
  args: readonly string[],
): Promise<T> {
  const output = await az({ args: [...args, '--output', 'json'] });
  const parsed = schema.safeParse(parseJson(output));
  if (parsed.success) return parsed.data;
  // The output may hold a key, so the message names only the command.
  throw new CommandError(`az ${commandName(args)} printed unexpected output. Update the Azure CLI.`);
}

/** The command line for bash, zsh and PowerShell. */
export function shellCommand({ args, input }: AzCommand): string {
  const quoted = args.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `"${word}"`));
  return `${input === undefined ? '' : `echo '${input}' | `}az ${quoted.join(' ')}`;
}

function commandName(args: readonly string[]): string {
  const firstOption = args.findIndex((word) => word.startsWith('-'));
  return args.slice(0, firstOption === -1 ? undefined : firstOption).join(' ');
}

function toCommandError(error: unknown, args: readonly string[], limit: AbortSignal): unknown {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return new CommandError(
      'The Azure CLI is not on the PATH. Install it: https://learn.microsoft.com/cli/azure/install-azure-cli',
    );
  }
  if (limit.aborted) {
    return new CommandError(`az ${commandName(args)} took longer than ${AZ_TIMEOUT_MS / 60_000} minutes.`);
  }
  return error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
