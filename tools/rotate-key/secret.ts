import { join, relative } from 'node:path';
import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { type AzCommand, type AzureCli, readFromAzure, shellCommand } from './azureCli.ts';
import type { DeployedService } from './deployedService.ts';

const keyNameSchema = z.enum(['primary', 'secondary']);

/** One of the two access keys of a communication service. */
export type KeyName = z.output<typeof keyNameSchema>;

export const otherKey = (key: KeyName): KeyName => (key === 'primary' ? 'secondary' : 'primary');

/** The secret without its value. This is the only state of a rotation. */
export interface Secret {
  /** The key in its value. */
  activeKey: KeyName;
  /** The key that a rotation in progress still has to regenerate. */
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

/** Reads the secret through Resource Manager, which never returns its value. */
export async function readSecret(az: AzureCli, service: DeployedService): Promise<Secret> {
  const url = `${service.vault.id}/secrets/${service.secretName}?api-version=2026-02-01`;
  const query = '{tags:tags,updated:properties.attributes.updated}';
  const args = ['rest', '--method', 'get', '--url', url, '--query', query];
  const { tags, updated } = await readFromAzure(az, secretSchema, args);
  const { data } = tagsSchema.safeParse(tags);
  if (data !== undefined) {
    const { activeKey, retiringKey } = data;
    return { activeKey, retiringKey, updated: new Date(updated * 1000) };
  }
  throw new CommandError(
    `The tags of secret ${service.secretName} do not name its access key: ` +
      `activeKey is '${tags.activeKey ?? ''}', retiringKey is '${tags.retiringKey ?? ''}'. ` +
      'Write the secret with this command, which is always safe, then run rotate-key again:\n' +
      shellCommand(writeSecretCommand(service, { activeKey: 'primary' })),
  );
}

const TEMPLATE = join(import.meta.dirname, '../../infra/modules/connectionString.bicep');

/** The command that writes the secret. Azure reads the key itself, so it never reaches this machine. */
export function writeSecretCommand(
  { resourceGroup, vault, communicationService, secretName }: DeployedService,
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

/** The command that replaces an access key. az has none built in. The response holds both keys: `--output none`. */
export function regenerateKeyCommand({ communicationService }: DeployedService, key: KeyName): AzCommand {
  const url = `${communicationService.id}/regenerateKey?api-version=2026-03-18`;
  return {
    args: ['rest', '--method', 'post', '--url', url, '--body', '@-', '--output', 'none'],
    input: JSON.stringify({ keyType: key === 'primary' ? 'Primary' : 'Secondary' }),
  };
}
