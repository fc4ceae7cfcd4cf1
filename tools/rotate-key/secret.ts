import { join, relative } from 'node:path';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzCommand, type AzureCli, readFromAzure, typed } from './azureCli.ts';
import type { Deployment } from './deployment.ts';

const keyNameSchema = z.enum(['primary', 'secondary']);

/** One of the two access keys of a communication service. */
export type KeyName = z.output<typeof keyNameSchema>;

export const otherKey = (key: KeyName): KeyName => (key === 'primary' ? 'secondary' : 'primary');

/** What Azure tells of the secret without its value. This is all the state that a rotation has. */
export interface Secret {
  /** The key that its value holds. */
  activeKey: KeyName;
  /** The key that a rotation under way still has to regenerate. */
  retiringKey: KeyName | undefined;
  /** When it was last written. */
  updated: Date;
}

const secretSchema = z.object({
  tags: z
    .object({ activeKey: z.string().optional(), retiringKey: z.string().optional() })
    .nullish()
    .transform((tags) => tags ?? {}),
  updated: z.number(),
});
const tagsSchema = z
  .object({ activeKey: keyNameSchema, retiringKey: keyNameSchema.optional() })
  .refine(({ activeKey, retiringKey }) => activeKey !== retiringKey);

/** Resource Manager never answers a secret's value. */
export async function readSecret(az: AzureCli, deployment: Deployment): Promise<Secret> {
  const url = `${deployment.vault.id}/secrets/${deployment.secretName}?api-version=2026-02-01`;
  const query = '{tags:tags,updated:properties.attributes.updated}';
  const args = ['rest', '--method', 'get', '--url', url, '--query', query];
  const { tags, updated } = await readFromAzure(az, secretSchema, args);
  const { data } = tagsSchema.safeParse(tags);
  if (data !== undefined) {
    const { activeKey, retiringKey } = data;
    return { activeKey, retiringKey, updated: new Date(updated * 1000) };
  }
  throw new CommandError(
    `The tags of the secret ${deployment.secretName} do not say which access key it holds: ` +
      `activeKey is '${tags.activeKey ?? ''}', retiringKey '${tags.retiringKey ?? ''}'. ` +
      'Write it once through its template, which is safe at any time, then run this again:\n' +
      typed(writeSecret(deployment, { activeKey: 'primary' })),
  );
}

const TEMPLATE = join(import.meta.dirname, '../modules/connectionString.bicep');

/** Writes the secret inside Azure, from the key that the communication service has now. */
export function writeSecret(
  { resourceGroup, vault, communicationService, secretName }: Deployment,
  { activeKey, retiringKey }: { activeKey: KeyName; retiringKey?: KeyName | undefined },
): AzCommand {
  const parameters = {
    vaultName: vault.name,
    communicationServiceName: communicationService.name,
    secretName,
    activeKey,
    ...(retiringKey === undefined ? {} : { retiringKey }),
  };
  return {
    args: [
      ...['deployment', 'group', 'create', '--resource-group', resourceGroup, '--name', 'rotate-key'],
      ...['--template-file', relative('.', TEMPLATE)],
      ...['--parameters', ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)],
      ...['--output', 'none'],
    ],
  };
}

/** Replaces an access key. Core az has no command for it; the answer holds both keys, so none is printed. */
export function regenerateKey({ communicationService }: Deployment, key: KeyName): AzCommand {
  const url = `${communicationService.id}/regenerateKey?api-version=2026-03-18`;
  return {
    args: ['rest', '--method', 'post', '--url', url, '--body', '@-', '--output', 'none'],
    input: JSON.stringify({ keyType: key === 'primary' ? 'Primary' : 'Secondary' }),
  };
}
