import { randomUUID } from 'node:crypto';
import { z } from 'zod';

/** The name of a secret, as Key Vault allows it. */
export const secretNameSchema = z.string().regex(/^[0-9a-zA-Z-]{1,127}$/);

/** One version of a secret; times in seconds since 1970. */
export interface SecretVersion {
  name: string;
  version: string;
  value: string;
  attributes: { enabled: boolean; created: number; updated: number };
}

/** Every version of every secret of one vault. Names are case-insensitive. */
export class Secrets {
  readonly #secrets = new Map<string, SecretVersion[]>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The current version of every secret. */
  current(): SecretVersion[] {
    return [...this.#secrets.values()].flatMap((versions) => versions.slice(-1));
  }

  /** All versions of a secret, oldest first; empty for an unknown secret. */
  versions(name: string): readonly SecretVersion[] {
    return this.#secrets.get(name.toLowerCase()) ?? [];
  }

  /** The given version, or the current one. */
  get(name: string, version?: string): SecretVersion | undefined {
    const versions = this.versions(name);
    return version === undefined ? versions.at(-1) : versions.find((secret) => secret.version === version);
  }

  /** Adds a version, which becomes the current one. */
  add(name: string, value: string, enabled = true): SecretVersion {
    const now = this.#seconds();
    const version = randomUUID().replaceAll('-', '');
    const secret = { name, version, value, attributes: { enabled, created: now, updated: now } };
    this.#secrets.set(name.toLowerCase(), [...this.versions(name), secret]);
    return secret;
  }

  enable(secret: SecretVersion, enabled: boolean): void {
    secret.attributes = { ...secret.attributes, enabled, updated: this.#seconds() };
  }

  #seconds(): number {
    return Math.floor(this.#clock() / 1000);
  }
}
