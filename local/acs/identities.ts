import { randomUUID } from 'node:crypto';
import { identityNotFound, identityNotOwned, invalid } from './identityServiceError.ts';

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const identityId = new RegExp(`^8:acs:(?<resourceId>${guid})_${guid}$`, 'i');

/** The identities of one resource. */
export class Identities {
  readonly resourceId = randomUUID();
  #ids = new Set<string>();

  get count(): number {
    return this.#ids.size;
  }

  create(): string {
    const id = `8:acs:${this.resourceId}_${randomUUID()}`;
    this.#ids.add(id);
    return id;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Throws the service's error for an id that is malformed, of another resource, or unknown. */
  require(id: string): void {
    const resourceId = identityId.exec(id)?.groups?.['resourceId'];
    // Not recorded.
    if (resourceId === undefined) throw invalid('Id', 'Provided identity is not valid.');
    if (resourceId.toLowerCase() !== this.resourceId) throw identityNotOwned();
    if (!this.#ids.has(id)) throw identityNotFound();
  }

  delete(id: string): boolean {
    return this.#ids.delete(id);
  }

  /** The oldest ids first. */
  list(limit: number): string[] {
    return [...this.#ids].slice(0, limit);
  }
}
