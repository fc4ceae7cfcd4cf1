import type { TableClient } from '@azure/data-tables';
import { isConflict } from '../../shared/users/tableErrors.ts';
import {
  MAPPING,
  type MappingRow,
  OWNER,
  type OwnerRow,
  partitionOf,
} from '../../shared/users/userDirectory.ts';
import { CommandError } from '../commandLine.ts';
import { checkBackup, PARTIAL, readBackup, type User } from './backupFile.ts';

/** Every row has a partition of its own, so rows cannot share a transaction. A table takes 20,000 rows per second. */
const CONCURRENCY = 32;
const REPORT_INTERVAL = 5000;

type Result = 'restored' | 'unchanged' | 'conflict';

interface RestoreOptions {
  signal: AbortSignal;
  report: (line: string) => void;
}

/**
 * Inserts the users of a backup into the user table, after checking every line. Skips users that the table has, and
 * reports those that it has with another value: no row is overwritten. Returns the number of users by result.
 */
export async function restoreUsers(
  table: TableClient,
  path: string,
  { signal, report }: RestoreOptions,
): Promise<Record<Result, number>> {
  if (path.endsWith(PARTIAL)) {
    throw new CommandError(
      `${path} is incomplete. Run backup-users again, or rename the file to restore what it has.`,
    );
  }
  const total = await checkBackup(path);
  const counts = { restored: 0, unchanged: 0, conflict: 0 };
  let done = 0;
  const lines = readBackup(path);
  const restoreNext = async () => {
    for await (const { user, lineNumber } of lines) {
      const result = await restoreUser(table, user, signal);
      if (result === 'conflict') {
        report(
          `${path}, line ${lineNumber}: the table has another value for ${user.subject}. It was not changed.`,
        );
      }
      counts[result] += 1;
      done += 1;
      if (done % REPORT_INTERVAL === 0) report(`${done} of ${total} users`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, restoreNext));
  return counts;
}

/** Writes the owner row first, as the service does. A marked mapping keeps its mark: the service then deletes the user. */
async function restoreUser(table: TableClient, user: User, abortSignal: AbortSignal): Promise<Result> {
  const { subject, communicationUserId, isDeleted } = user;
  const ownerKey = { partitionKey: partitionOf(communicationUserId), rowKey: OWNER };
  const owner = await insertOrGet<OwnerRow>(table, { ...ownerKey, subject }, abortSignal);
  if (owner.row.subject !== subject) return 'conflict';

  const mapping = await insertOrGet<MappingRow>(
    table,
    { partitionKey: subject, rowKey: MAPPING, communicationUserId, ...(isDeleted && { isDeleted }) },
    abortSignal,
  );
  const isEqual =
    mapping.row.communicationUserId === communicationUserId && mapping.row.isDeleted === isDeleted;
  if (isEqual) return owner.isNew || mapping.isNew ? 'restored' : 'unchanged';
  if (owner.isNew) await table.deleteEntity(ownerKey.partitionKey, OWNER, { abortSignal });
  return 'conflict';
}

/** Inserts the row unless the table has one with its keys. Returns the one that it has now. */
async function insertOrGet<Row extends object>(
  table: TableClient,
  row: Row & { partitionKey: string; rowKey: string },
  abortSignal: AbortSignal,
): Promise<{ isNew: boolean; row: Row }> {
  try {
    await table.createEntity<Row>(row, { abortSignal });
    return { isNew: true, row };
  } catch (error) {
    if (!isConflict(error)) throw error;
    return {
      isNew: false,
      row: await table.getEntity<Row>(row.partitionKey, row.rowKey, { abortSignal }),
    };
  }
}
