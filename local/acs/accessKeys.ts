import { randomBytes } from 'node:crypto';

/** Names of the two access keys. */
export type KeyName = 'primary' | 'secondary';

/** The two access keys of the resource. */
export class AccessKeys {
  #keys: Record<KeyName, Buffer> = { primary: randomBytes(64), secondary: randomBytes(64) };

  /** The key as in a connection string. */
  base64(name: KeyName): string {
    return this.#keys[name].toString('base64');
  }

  regenerate(name: KeyName): void {
    this.#keys[name] = randomBytes(64);
  }

  current(): Buffer[] {
    return [this.#keys.primary, this.#keys.secondary];
  }
}
