import { randomUUID } from 'node:crypto';
import { identityNotFound, identityNotOwned, invalid } from './errors.ts';

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const identityId = new RegExp(`^8:acs:(?<resourceId>${guid})_${guid}$`, 'i');

/** The communication users of one resource. */
export class Identities {
  readonly resourceId = randomUUID();
  #alive = new Set<string>();

  get count(): number {
    return this.#alive.size;
  }

  create(): string {
    const id = `8:acs:${this.resourceId}_${randomUUID()}`;
    this.#alive.add(id);
    return id;
  }

  has(id: string): boolean {
    return this.#alive.has(id);
  }

  /** Throws what the service answers for an id that is not one of its living identities. */
  demand(id: string): void {
    const resourceId = identityId.exec(id)?.groups?.['resourceId'];
    // No recording shows a malformed id.
    if (resourceId === undefined) throw invalid('Id', 'Provided identity is not valid.');
    if (resourceId.toLowerCase() !== this.resourceId) throw identityNotOwned();
    if (!this.#alive.has(id)) throw identityNotFound();
  }

  delete(id: string): boolean {
    return this.#alive.delete(id);
  }

  /** The oldest ids first. */
  list(limit: number): string[] {
    return [...this.#alive].slice(0, limit);
  }
}
