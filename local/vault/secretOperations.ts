import { z } from 'zod';
import type { Answer } from '../emulator/serve.ts';
import { propertiesSchema, type Secrets, type SecretVersion } from './secrets.ts';
import { badParameter, secretDisabled, secretNotFound } from './vaultError.ts';

const newSecretSchema = propertiesSchema.extend({ value: z.string() });

/** What the service does, in the JSON it speaks. `vaultUrl` begins every identifier. */
export function secretOperations(secrets: Secrets, vaultUrl: string) {
  return {
    listSecrets(): Answer {
      const items = secrets.current().map((secret) => item(secret, identifier(secret)));
      return { status: 200, body: { value: items, nextLink: null } };
    },

    listVersions(name: string): Answer {
      const versions = secrets.versions(name);
      if (versions.length === 0) return secretNotFound(name);
      // By version and not by time, so that nobody takes the last one for the current one.
      const items = versions
        .map((secret) => item(secret, `${identifier(secret)}/${secret.version}`))
        .sort((a, b) => a.id.localeCompare(b.id));
      return { status: 200, body: { value: items, nextLink: null } };
    },

    getSecret(name: string, version?: string): Answer {
      const secret = secrets.get(name, version);
      if (secret === undefined) return secretNotFound(version === undefined ? name : `${name}/${version}`);
      if (!secret.attributes.enabled) return secretDisabled();
      return { status: 200, body: bundle(secret) };
    },

    setSecret(name: string, body: Buffer): Answer {
      const parsed = newSecretSchema.safeParse(json(body));
      if (!parsed.success) return badParameter(z.prettifyError(parsed.error));
      const { value, ...properties } = parsed.data;
      return { status: 200, body: bundle(secrets.add(name, value, properties)) };
    },

    updateSecret(name: string, version: string | undefined, body: Buffer): Answer {
      const parsed = propertiesSchema.safeParse(json(body));
      if (!parsed.success) return badParameter(z.prettifyError(parsed.error));
      const secret = secrets.get(name, version);
      if (secret === undefined) return secretNotFound(version === undefined ? name : `${name}/${version}`);
      secrets.update(secret, parsed.data);
      return { status: 200, body: item(secret, `${identifier(secret)}/${secret.version}`) };
    },
  };

  function identifier({ name }: SecretVersion): string {
    return `${vaultUrl}/secrets/${name}`;
  }

  function bundle(secret: SecretVersion) {
    return { value: secret.value, ...item(secret, `${identifier(secret)}/${secret.version}`) };
  }
}

function item({ contentType, tags, attributes }: SecretVersion, id: string) {
  return {
    id,
    contentType,
    attributes: { ...attributes, recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 },
    tags: tags ?? {},
  };
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
