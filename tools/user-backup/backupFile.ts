import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { userIdPattern } from '../../shared/acs/communicationUserId.ts';
import { CommandError } from '../commandLine.ts';

/** The end of the name of a backup until it is complete. */
export const PARTIAL = '.partial';

const user = z.strictObject({
  subject: z.string().regex(/^[\w-]{43}$/, 'must be a SHA-256 hash in base64url'),
  communicationUserId: z.string().regex(userIdPattern, 'must be the id of a communication user'),
  isDeleted: z.literal(true).optional(),
});

/** One line of a backup: a subject's communication user, and whether its deletion has begun. */
export type User = z.output<typeof user>;

export interface BackupLine {
  user: User;
  lineNumber: number;
  /** The offset in bytes of the next line. */
  end: number;
}

/** The line of a user, from a row of the table. Throws when the row could not be restored. */
export function toLine(row: Record<keyof User, unknown>): string {
  const { data, error } = user.safeParse(row);
  if (data !== undefined) return `${JSON.stringify(data)}\n`;
  throw new CommandError(
    `The table has an invalid row in the partition ${String(row.subject)}: ${explain(error)}. Correct or delete the row, then run the same command again.`,
  );
}

/** The users of a backup. Throws at the first line that is not one; leaves out what follows the last line end. */
export async function* readBackup(path: string): AsyncGenerator<BackupLine, void, undefined> {
  let rest = '';
  let lineNumber = 0;
  let end = 0;
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      lineNumber += 1;
      end += Buffer.byteLength(line) + 1;
      yield { user: parseLine(line, path, lineNumber), lineNumber, end };
    }
  }
}

/** Checks every line of a backup. Returns the number of users. */
export async function checkBackup(path: string): Promise<number> {
  let last: BackupLine | undefined;
  for await (last of readBackup(path));
  const { lineNumber, end } = last ?? { lineNumber: 0, end: 0 };
  const { size } = await stat(path);
  if (size === end) return lineNumber;
  throw new CommandError(
    `${path}, line ${lineNumber + 1}: the line does not end. The file was cut off: copy it again.`,
  );
}

function parseLine(line: string, path: string, lineNumber: number): User {
  const { data, error } = user.safeParse(parseJson(line));
  if (data !== undefined) return data;
  throw new CommandError(`${path}, line ${lineNumber}: ${explain(error)}.`);
}

function explain({ issues: [issue] }: z.ZodError): string {
  return [...(issue?.path ?? []), issue?.message].join(' ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
