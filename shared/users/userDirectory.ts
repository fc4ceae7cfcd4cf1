import { createHash } from 'node:crypto';
import { odata, type TableClient } from '@azure/data-tables';
import { abortable } from '../azure/deadline.ts';
import { SingleFlight } from '../azure/singleFlight.ts';
import { ServiceError } from '../errors.ts';
import { isConflict, isDefiniteRejection, isMissing, tableCall } from './tableErrors.ts';

export const MAPPING = 'mapping';
const CANDIDATE = 'candidate:';
export const OWNER = 'owner';
const MAX_CLAIM_ATTEMPTS = 3;

export interface MappingRow {
  communicationUserId: string;
  /** Set before ACS deletes the identity. */
  isDeleted?: boolean;
}

export interface OwnerRow {
  subject: string;
}

/** The result of creating an identity: its id, and whatever else the creator wants back. */
interface Created {
  userId: string;
}

/**
 * Maps each subject to its communication user, in a table. The subject's partition holds one mapping row; the
 * identity's own partition holds an owner row that leads back to the subject.
 *
 * A new identity is first written as a candidate row. The creator that inserts the mapping row wins. Every other
 * candidate is deleted, by its creator or by the next request that finds it: a process may stop between any two
 * steps.
 */
export class UserDirectory {
  readonly #table: TableClient;
  readonly #deleteIdentity: (userId: string, signal: AbortSignal) => Promise<void>;
  readonly #creations = new SingleFlight<unknown, string>();

  constructor(table: TableClient, deleteIdentity: (userId: string, signal: AbortSignal) => Promise<void>) {
    this.#table = table;
    this.#deleteIdentity = deleteIdentity;
  }

  /** The subject's communication user. Finishes what an interrupted request has left. */
  async find(subject: string, abortSignal: AbortSignal): Promise<string | undefined> {
    let mapping: MappingRow | undefined;
    const candidates: string[] = [];
    await tableCall(abortSignal, async () => {
      const rows = this.#table.listEntities<MappingRow>({
        queryOptions: { filter: odata`PartitionKey eq ${subject}` },
        abortSignal,
      });
      for await (const { rowKey, ...row } of rows) {
        if (rowKey === MAPPING) mapping = row;
        else candidates.push(row.communicationUserId);
      }
    });
    let mapped = mapping?.communicationUserId;
    if (mapped !== undefined && mapping?.isDeleted) {
      await this.#finishDeletion(subject, mapped, abortSignal);
      mapped = undefined;
    }
    for (const candidate of candidates) {
      if (mapped === undefined) mapped = await this.#claim(subject, candidate, abortSignal);
      else await this.#removeCandidate(subject, candidate, mapped, abortSignal);
    }
    return mapped;
  }

  /** The subject's communication user; `created` is the result of `create` when that made it. */
  async getOrCreate<T extends Created>(
    subject: string,
    create: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ userId: string; created?: T }> {
    // One request of this process creates; the others wait and find what it made.
    let other;
    while ((other = this.#creations.inProgress(subject)) !== undefined) {
      await abortable(
        signal,
        other.catch(() => undefined),
      );
    }
    const userId = await this.find(subject, signal);
    if (userId !== undefined) return { userId };
    if (this.#creations.inProgress(subject) !== undefined) return this.getOrCreate(subject, create, signal);

    const creation = this.#create(subject, create, signal);
    await this.#creations.run(subject, () => creation);
    return creation;
  }

  /** The subject that the communication user belongs to. */
  async ownerOf(userId: string, abortSignal: AbortSignal): Promise<string | undefined> {
    const row = await this.#get<OwnerRow>(partitionOf(userId), OWNER, abortSignal);
    return row?.subject;
  }

  /** Deletes the subject's communication user. When it stops halfway, the next request finishes it. */
  async delete(subject: string, userId: string, abortSignal: AbortSignal): Promise<void> {
    const mapping = await this.#get<MappingRow>(subject, MAPPING, abortSignal);
    if (mapping?.communicationUserId === userId) {
      const mark = { partitionKey: subject, rowKey: MAPPING, isDeleted: true };
      const { etag } = mapping;
      await tableCall(abortSignal, () =>
        ignoringChanges(this.#table.updateEntity(mark, 'Merge', { etag, abortSignal })),
      );
    }
    await this.#finishDeletion(subject, userId, abortSignal);
  }

  async #finishDeletion(subject: string, userId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#deleteIdentity(userId, abortSignal);
    await this.remove(subject, userId, abortSignal);
  }

  /** Removes the mapping of the subject to this communication user; a mapping to another one stays. */
  async remove(subject: string, userId: string, abortSignal: AbortSignal): Promise<void> {
    const mapping = await this.#get<MappingRow>(subject, MAPPING, abortSignal);
    await this.#delete(partitionOf(userId), OWNER, abortSignal);
    if (mapping?.communicationUserId === userId) {
      await this.#delete(subject, MAPPING, abortSignal, mapping.etag);
    }
  }

  async #create<T extends Created>(subject: string, create: () => Promise<T>, abortSignal: AbortSignal) {
    const created = await create();
    const { userId } = created;
    const candidate = { partitionKey: subject, rowKey: CANDIDATE + userId, communicationUserId: userId };
    await tableCall(abortSignal, () => this.#table.upsertEntity(candidate, 'Replace', { abortSignal })).catch(
      async (error: unknown) => {
        // Without a row nothing would ever delete this identity. When only the response was lost, the row may lead to it.
        if (isDefiniteRejection(error)) {
          await this.#deleteIdentity(userId, abortSignal).catch(() => undefined);
        }
        throw error;
      },
    );
    const winner = await this.#claim(subject, userId, abortSignal);
    return winner === userId ? { userId, created } : { userId: winner };
  }

  /** Makes a candidate the subject's communication user unless it has one. Returns the one it has. */
  async #claim(subject: string, userId: string, abortSignal: AbortSignal): Promise<string> {
    await tableCall(abortSignal, () =>
      this.#table.upsertEntity({ partitionKey: partitionOf(userId), rowKey: OWNER, subject }, 'Replace', {
        abortSignal,
      }),
    );
    let winner: string | undefined;
    for (let attempt = 0; winner === undefined && attempt < MAX_CLAIM_ATTEMPTS; attempt += 1) {
      winner = (await this.#insertMapping(subject, userId, abortSignal))
        ? userId
        : (await this.#get<MappingRow>(subject, MAPPING, abortSignal))?.communicationUserId;
    }
    if (winner === undefined) {
      throw new ServiceError('upstream_unavailable', 'The user directory is unavailable. Try again later.', {
        operatorHint: `The mapping kept changing; gave up after ${MAX_CLAIM_ATTEMPTS} attempts.`,
        retryAfterSeconds: 2,
      });
    }
    await this.#removeCandidate(subject, userId, winner, abortSignal);
    return winner;
  }

  /** Removes the candidate row, and the identity too if it did not win. */
  async #removeCandidate(
    subject: string,
    candidate: string,
    winner: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (candidate !== winner) {
      await this.#deleteIdentity(candidate, signal);
      await this.#delete(partitionOf(candidate), OWNER, signal);
    }
    await this.#delete(subject, CANDIDATE + candidate, signal);
  }

  async #insertMapping(subject: string, userId: string, abortSignal: AbortSignal): Promise<boolean> {
    const row = { partitionKey: subject, rowKey: MAPPING, communicationUserId: userId };
    return tableCall(abortSignal, () =>
      this.#table.createEntity(row, { abortSignal }).then(
        () => true,
        (error: unknown) => {
          if (isConflict(error)) return false;
          throw error;
        },
      ),
    );
  }

  #get<Row extends object>(partitionKey: string, rowKey: string, abortSignal: AbortSignal) {
    return tableCall(abortSignal, () =>
      this.#table.getEntity<Row>(partitionKey, rowKey, { abortSignal }).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    );
  }

  async #delete(partitionKey: string, rowKey: string, abortSignal: AbortSignal, etag = '*'): Promise<void> {
    await tableCall(abortSignal, () =>
      ignoringChanges(this.#table.deleteEntity(partitionKey, rowKey, { etag, abortSignal })),
    );
  }
}

/** Another request may have changed or removed the row. */
async function ignoringChanges(write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!isMissing(error) && !isConflict(error)) throw error;
  });
}

/** The partition that holds an identity's owner row. */
export function partitionOf(userId: string): string {
  return createHash('sha256').update(userId).digest('base64url');
}
