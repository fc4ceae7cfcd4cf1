import { access, open, rename, truncate } from 'node:fs/promises';
import { odata, type TableClient } from '@azure/data-tables';
import { isMissing } from '../../shared/users/tableErrors.ts';
import { MAPPING, type MappingRow } from '../../shared/users/userDirectory.ts';
import { CommandError } from '../commandLine.ts';
import { type BackupLine, PARTIAL, readBackup, toLine, type User } from './backupFile.ts';

/** Table Storage sends some 600 bytes for a row, and a response is limited to 1 MiB. */
const PAGE_SIZE = 500;

interface BackupOptions {
  signal: AbortSignal;
  report: (line: string) => void;
}

/**
 * Writes the mapping rows of the user table to a file, sorted by subject as the table is. Continues a backup that was
 * interrupted. The owner rows follow from the mapping rows; candidate rows belong to requests in progress.
 * Returns the number of users.
 */
export async function backupUsers(
  table: TableClient,
  path: string,
  { signal, report }: BackupOptions,
): Promise<number> {
  if (await exists(path)) throw new CommandError(`${path} exists. Name another file.`);
  const partial = path + PARTIAL;
  const file = await open(partial, 'a', 0o600);
  let count: number;
  try {
    const last = await lastUser(partial, table, signal);
    count = last?.lineNumber ?? 0;
    if (count > 0) report(`Continuing ${partial} after ${count} users.`);
    for await (const page of mappingsAfter(last?.user.subject ?? '', table, signal)) {
      await file.appendFile(page.map(toLine).join(''));
      count += page.length;
      report(`${count} users`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  return count;
}

/** The last user of a partial backup, after which the file now ends. */
async function lastUser(
  partial: string,
  table: TableClient,
  abortSignal: AbortSignal,
): Promise<BackupLine | undefined> {
  let last: BackupLine | undefined;
  for await (last of readBackup(partial));
  await truncate(partial, last?.end ?? 0);
  if (last === undefined) return undefined;
  const { subject, communicationUserId } = last.user;
  const row = await table.getEntity<MappingRow>(subject, MAPPING, { abortSignal }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (row?.communicationUserId === communicationUserId) return last;
  throw new CommandError(
    `The table does not have the last user of ${partial}. The file is of another table, or the user was deleted. Delete the file to start again.`,
  );
}

/** The pages of users after this subject. */
async function* mappingsAfter(
  subject: string,
  table: TableClient,
  abortSignal: AbortSignal,
): AsyncGenerator<Record<keyof User, unknown>[]> {
  const rows = table.listEntities<MappingRow>({
    queryOptions: { filter: odata`PartitionKey gt ${subject} and RowKey eq ${MAPPING}` },
    abortSignal,
  });
  for await (const page of rows.byPage({ maxPageSize: PAGE_SIZE })) {
    yield page.map(({ partitionKey, communicationUserId, isDeleted }) => ({
      subject: partitionKey,
      communicationUserId,
      isDeleted,
    }));
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
