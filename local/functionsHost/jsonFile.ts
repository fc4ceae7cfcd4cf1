import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { z } from 'zod';
import { StartError } from './startError.ts';

/** Reads JSON with comments, as Azure's host does. Returns undefined when the file does not exist. */
export async function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;

  const errors: ParseError[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    throw new StartError(
      `${basename(file)} is not JSON: ${printParseErrorCode(error.error)} at offset ${error.offset}.`,
    );
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new StartError(`${basename(file)}: ${z.prettifyError(result.error)}`);
  return result.data;
}
