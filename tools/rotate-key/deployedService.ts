import * as z from 'zod';
import { CommandError } from '../commandLine.ts';
import { readSettings, settingNames, type Settings } from '../../shared/config.ts';
import { ServiceError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/azure/loopback.ts';
import { type AzureCli, readFromAzure } from './azureCli.ts';

const resourceSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  kind: z.string().nullable(),
});
type Resource = z.output<typeof resourceSchema>;

const settingsSchema = z.array(z.object({ name: z.string(), value: z.string() }));

/** What a rotation needs to know of a deployed token service. */
export interface DeployedService {
  resourceGroup: string;
  functionApp: { name: string; id: string; api: URL };
  vault: { name: string; id: string };
  communicationService: { name: string; id: string };
  secretName: string;
  /** How long an instance caches the secret. */
  secretTtlMs: number;
  /** The longest lifetime of a token. */
  tokenLifetimeMs: number;
  /** An allowed scope. */
  scope: string;
  callers: 'function-key' | 'oidc';
}

interface ServiceNames {
  resourceGroup: string;
  functionApp: string | undefined;
  communicationService: string | undefined;
}

/** Finds the service in its resource group; `undefined` when it is keyless and has no secret. */
export async function findService(
  az: AzureCli,
  { resourceGroup, functionApp, communicationService }: ServiceNames,
): Promise<DeployedService | undefined> {
  const resources = await readFromAzure(az, z.array(resourceSchema), [
    'resource',
    'list',
    '--resource-group',
    resourceGroup,
    '--query',
    '[].{id:id,name:name,type:type,kind:kind}',
  ]);
  const ofType = (type: string) => resources.filter((one) => one.type.toLowerCase() === type.toLowerCase());
  const apps = ofType('Microsoft.Web/sites').filter(({ kind }) => kind?.includes('functionapp'));
  const app = choose(apps, functionApp, 'function app', '--function-app', resourceGroup);

  const { acs, tokenPolicy, callers } = await readAppSettings(az, resourceGroup, app.name);
  if (acs.vault === undefined) return undefined;

  const [vaultName = ''] = acs.vault.hostname.split('.');
  return {
    resourceGroup,
    functionApp: { name: app.name, id: app.id, api: await readApiUrl(az, app) },
    vault: choose(ofType('Microsoft.KeyVault/vaults'), vaultName, 'vault', '', resourceGroup),
    communicationService: choose(
      ofType('Microsoft.Communication/communicationServices'),
      communicationService,
      'communication service',
      '--communication-service',
      resourceGroup,
    ),
    secretName: acs.secretName,
    secretTtlMs: acs.secretTtlMs,
    tokenLifetimeMs: tokenPolicy.maxExpiryMinutes * 60_000,
    scope: tokenPolicy.allowedScopes[0],
    callers: callers.auth,
  };
}

function choose(
  candidates: Resource[],
  name: string | undefined,
  what: string,
  option: string,
  resourceGroup: string,
): Resource {
  const found = candidates.filter(
    (one) => name === undefined || one.name.toLowerCase() === name.toLowerCase(),
  );
  const [only, ...others] = found;
  if (only === undefined) {
    const which = name === undefined ? what : `${what} ${name}`;
    throw new CommandError(`Resource group ${resourceGroup} has no ${which}.`);
  }
  if (others.length === 0) return only;
  const names = found.map((one) => one.name).join(', ');
  throw new CommandError(
    `Resource group ${resourceGroup} has more than one ${what}: ${names}. Choose one with ${option}.`,
    2,
  );
}

async function readAppSettings(az: AzureCli, resourceGroup: string, app: string): Promise<Settings> {
  const names = settingNames
    .filter((name) => name !== 'USER_TABLE_CONNECTION_STRING')
    .map((name) => `'${name}'`)
    .join(',');
  const args = [
    ...['functionapp', 'config', 'appsettings', 'list', '--resource-group', resourceGroup, '--name', app],
    ...['--query', `[?contains([${names}],name)].{name:name,value:value}`],
  ];
  const settings = await readFromAzure(az, settingsSchema, args);
  try {
    return readSettings(Object.fromEntries(settings.map(({ name, value }) => [name, value])));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new CommandError(
      `${app} does not have the settings of a token service: ${error.operatorHint ?? ''}.`,
    );
  }
}

async function readApiUrl(az: AzureCli, app: Resource): Promise<URL> {
  const url = `${app.id}?api-version=2025-03-01`;
  const args = ['rest', '--method', 'get', '--url', url, '--query', 'properties.defaultHostName'];
  const host = await readFromAzure(az, z.string(), args);
  const api = new URL(`https://${host}/api/`);
  return isLoopback(api) ? new URL(`http://${host}/api/`) : api;
}
