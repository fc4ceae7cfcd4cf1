import { randomUUID } from 'node:crypto';
import { z } from 'zod';

/** What a secret's name may be; the service takes a leading digit or dash as well. */
export const secretNameSchema = z.string().regex(/^[0-9a-zA-Z-]{1,127}$/);

/** What a client may write beside the value; `nbf` and `exp` are only kept, as in the service. */
export const propertiesSchema = z.object({
  contentType: z.string().exactOptional(),
  tags: z.record(z.string(), z.string()).exactOptional(),
  attributes: z
    .object({
      enabled: z.boolean().exactOptional(),
      nbf: z.number().exactOptional(),
      exp: z.number().exactOptional(),
    })
    .exactOptional(),
});

export type Properties = z.output<typeof propertiesSchema>;

/** One version of a secret; times in seconds since 1970. */
export interface SecretVersion extends Properties {
  name: string;
  version: string;
  value: string;
  attributes: { enabled: boolean; nbf?: number; exp?: number; created: number; updated: number };
}

/** Every version of every secret of one vault. Names are compared without regard to case. */
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

  /** All versions of a secret in the order of their creation; none when there is no such secret. */
  versions(name: string): readonly SecretVersion[] {
    return this.#secrets.get(name.toLowerCase()) ?? [];
  }

  /** The named version, or the current one. */
  get(name: string, version?: string): SecretVersion | undefined {
    const versions = this.versions(name);
    return version === undefined ? versions.at(-1) : versions.find((secret) => secret.version === version);
  }

  /** Adds a version, which becomes the current one. */
  add(name: string, value: string, properties: Properties = {}): SecretVersion {
    const now = this.#seconds();
    const secret: SecretVersion = {
      ...properties,
      name,
      version: randomUUID().replaceAll('-', ''),
      value,
      attributes: { enabled: true, ...properties.attributes, created: now, updated: now },
    };
    this.#secrets.set(name.toLowerCase(), [...this.versions(name), secret]);
    return secret;
  }

  /** Changes what is given and leaves the rest; the value of a version never changes. */
  update(secret: SecretVersion, properties: Properties): void {
    const attributes = { ...secret.attributes, ...properties.attributes, updated: this.#seconds() };
    Object.assign(secret, properties, { attributes });
  }

  #seconds(): number {
    return Math.floor(this.#clock() / 1000);
  }
}
