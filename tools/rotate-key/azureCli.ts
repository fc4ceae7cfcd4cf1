import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import spawn from 'cross-spawn';
import type * as z from 'zod';
import { CommandError } from '../commandLine.ts';

const LIMIT_MS = 15 * 60_000;

/** One call of `az`: its words, and what it reads from standard input. */
export interface AzCommand {
  args: readonly string[];
  input?: string;
}

/** Runs `az` and answers what it printed. Rejects with az's own message when it fails. */
export type AzureCli = (command: AzCommand) => Promise<string>;

/** The `az` on the PATH of `env`, logged in as whoever runs this; the signal ends what is running. */
export function azureCli(env: NodeJS.ProcessEnv, signal: AbortSignal): AzureCli {
  return async ({ args, input = '' }) => {
    const limit = AbortSignal.timeout(LIMIT_MS);
    // Windows has az.cmd, which takes cross-spawn to run without handing its words to a shell.
    const child = spawn('az', [...args], {
      // A log file, if the user keeps one, would hold the keys that az is answered.
      env: { ...env, AZURE_LOGGING_ENABLE_LOG_FILE: 'false', AZURE_CORE_NO_COLOR: 'true' },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, limit]),
    });
    const { stdin, stdout, stderr } = child;
    // An az that fails early does not read its input.
    stdin?.on('error', () => undefined).end(input);
    try {
      const [printed, complaint, [code]] = await Promise.all([
        stdout === null ? '' : text(stdout),
        stderr === null ? '' : text(stderr),
        once(child, 'close') as Promise<[number | null]>,
      ]);
      if (code === 0) return printed;
      throw new CommandError(`az ${commandWords(args)} failed: ${complaint.trim() || `exit code ${code}`}`);
    } catch (error) {
      stdout?.destroy();
      stderr?.destroy();
      throw explained(error, args, limit);
    }
  };
}

/** What az printed, as JSON of a known shape. */
export async function readFromAzure<T>(
  az: AzureCli,
  schema: z.ZodType<T>,
  args: readonly string[],
): Promise<T> {
  const printed = await az({ args: [...args, '--output', 'json'] });
  const parsed = schema.safeParse(json(printed));
  if (parsed.success) return parsed.data;
  // What was printed may hold a key: only the command is told.
  throw new CommandError(`az ${commandWords(args)} printed something else than expected.`);
}

/** The command as it is typed into bash, zsh or PowerShell. */
export function typed({ args, input }: AzCommand): string {
  const words = args.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `"${word}"`));
  return `${input === undefined ? '' : `echo '${input}' | `}az ${words.join(' ')}`;
}

function commandWords(args: readonly string[]): string {
  const firstOption = args.findIndex((word) => word.startsWith('-'));
  return args.slice(0, firstOption === -1 ? undefined : firstOption).join(' ');
}

function explained(error: unknown, args: readonly string[], limit: AbortSignal): unknown {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return new CommandError(
      'The Azure CLI is not installed, or not on the PATH: https://learn.microsoft.com/cli/azure/install-azure-cli',
    );
  }
  if (limit.aborted) {
    return new CommandError(`az ${commandWords(args)} took longer than ${LIMIT_MS / 60_000} minutes.`);
  }
  return error;
}

function json(printed: string): unknown {
  try {
    return JSON.parse(printed);
  } catch {
    return undefined;
  }
}
