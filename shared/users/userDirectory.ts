import { createHash } from 'node:crypto';
import { odata, type TableClient } from '@azure/data-tables';
import { isConflict, isMissing, tableCall } from './tableErrors.ts';

const MAPPING = 'mapping';
const CANDIDATE = 'candidate:';
const OWNER = 'owner';
const ROUNDS = 3;

interface MappingRow {
  communicationUserId: string;
}

interface OwnerRow {
  subject: string;
}

/** What creating an identity gives: its id, and whatever else the creator wants back. */
interface Created {
  userId: string;
}

/**
 * Which communication user is whose, in a table. A subject's partition holds one mapping row; a partition of
 * the identity's own leads back to the subject.
 *
 * An identity is first noted as a candidate. Whoever inserts the mapping row has won, and every other candidate
 * is deleted, by its creator or by the next request that finds it: a process may stop between any two steps.
 */
export class UserDirectory {
  readonly #table: TableClient;
  readonly #deleteIdentity: (userId: string, signal: AbortSignal) => Promise<void>;
  readonly #creating = new Map<string, Promise<unknown>>();

  constructor(table: TableClient, deleteIdentity: (userId: string, signal: AbortSignal) => Promise<void>) {
    this.#table = table;
    this.#deleteIdentity = deleteIdentity;
  }

  /** The subject's communication user, after mending what an interrupted request has left. */
  async find(subject: string, abortSignal: AbortSignal): Promise<string | undefined> {
    let mapped: string | undefined;
    const candidates: string[] = [];
    await tableCall(abortSignal, async () => {
      const rows = this.#table.listEntities<MappingRow>({
        queryOptions: { filter: odata`PartitionKey eq ${subject}` },
        abortSignal,
      });
      for await (const { rowKey, communicationUserId } of rows) {
        if (rowKey === MAPPING) mapped = communicationUserId;
        else candidates.push(communicationUserId);
      }
    });
    for (const candidate of candidates) {
      if (mapped === undefined) mapped = await this.#claim(subject, candidate, abortSignal);
      else await this.#settle(subject, candidate, mapped, abortSignal);
    }
    return mapped;
  }

  /** The subject's communication user; `created` is what `create` gave, when that is the one. */
  async getOrCreate<T extends Created>(
    subject: string,
    create: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ userId: string; created?: T }> {
    // The first of this process creates; the others find what it leaves.
    for (let other = this.#creating.get(subject); other !== undefined; other = this.#creating.get(subject)) {
      await other;
    }
    const known = await this.find(subject, signal);
    if (known !== undefined) return { userId: known };
    if (this.#creating.has(subject)) return this.getOrCreate(subject, create, signal);

    const creation = this.#create(subject, create, signal);
    const done = creation.then(
      () => this.#creating.delete(subject),
      () => this.#creating.delete(subject),
    );
    this.#creating.set(subject, done);
    return creation;
  }

  /** Whose the communication user is. */
  async ownerOf(userId: string, abortSignal: AbortSignal): Promise<string | undefined> {
    const row = await this.#get<OwnerRow>(partitionOf(userId), OWNER, abortSignal);
    return row?.subject;
  }

  /** Forgets that the communication user is the subject's; a mapping to another one stays. */
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
        // Nobody would ever find this identity.
        await this.#deleteIdentity(userId, abortSignal).catch(() => undefined);
        throw error;
      },
    );
    const winner = await this.#claim(subject, userId, abortSignal);
    return winner === userId ? { userId, created } : { userId: winner };
  }

  /** Makes a candidate the subject's communication user, unless there is one; returns the one there is. */
  async #claim(subject: string, userId: string, abortSignal: AbortSignal): Promise<string> {
    await tableCall(abortSignal, () =>
      this.#table.upsertEntity({ partitionKey: partitionOf(userId), rowKey: OWNER, subject }, 'Replace', {
        abortSignal,
      }),
    );
    let winner: string | undefined;
    for (let round = 0; winner === undefined && round < ROUNDS; round += 1) {
      winner = (await this.#insertMapping(subject, userId, abortSignal))
        ? userId
        : (await this.#get<MappingRow>(subject, MAPPING, abortSignal))?.communicationUserId;
    }
    if (winner === undefined) throw new Error('The mapping comes and goes.');
    await this.#settle(subject, userId, winner, abortSignal);
    return winner;
  }

  /** Ends a candidacy: an identity that has not won is deleted. */
  async #settle(subject: string, candidate: string, winner: string, signal: AbortSignal): Promise<void> {
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
      this.#table.deleteEntity(partitionKey, rowKey, { etag, abortSignal }).catch((error: unknown) => {
        if (!isMissing(error) && !isConflict(error)) throw error;
      }),
    );
  }
}

/** The partition of an identity's way back, apart from the others. */
function partitionOf(userId: string): string {
  return createHash('sha256').update(userId).digest('base64url');
}
