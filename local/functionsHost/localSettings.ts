import { join } from 'node:path';
import { z } from 'zod';
import type { CorsSettings } from './cors.ts';
import { readJsonFile } from './jsonFile.ts';
import { StartError } from './startError.ts';

const localSettingsSchema = z.object({
  // Core Tools treats a missing IsEncrypted as true (azure-functions-core-tools#2025).
  IsEncrypted: z.boolean().default(true),
  Values: z.record(z.string(), z.coerce.string()).default({}),
  Host: z
    .strictObject({
      CORS: z.string().optional(),
      CORSCredentials: z.boolean().default(false),
    })
    .optional(),
});

/** The settings in local.settings.json that this host uses. */
export interface LocalSettings {
  values: Record<string, string>;
  cors: CorsSettings;
}

/** Reads local.settings.json; the file is optional. */
export async function readLocalSettings(app: string): Promise<LocalSettings> {
  const settings = await readJsonFile(join(app, 'local.settings.json'), localSettingsSchema);
  if (settings === undefined) return { values: {}, cors: corsSettings(undefined, false) };
  if (settings.IsEncrypted) {
    throw new StartError(
      'local.settings.json is encrypted: IsEncrypted is true or missing. ' +
        'Run `func settings decrypt`, or set "IsEncrypted": false when the values are plain text.',
    );
  }
  return {
    values: settings.Values,
    cors: corsSettings(settings.Host?.CORS, settings.Host?.CORSCredentials ?? false),
  };
}

function corsSettings(list: string | undefined, credentials: boolean): CorsSettings {
  const origins = (list ?? '').split(',').flatMap((origin) => origin.trim().toLowerCase() || []);
  if (credentials && origins.includes('*')) {
    throw new StartError(
      'local.settings.json: Host.CORS must list origins when CORSCredentials is true. Browsers reject "*".',
    );
  }
  return { origins, credentials, loopback: false };
}

/** Sets the app's settings as environment variables. An existing variable wins, as in Core Tools. */
export function applyEnvironment(values: Record<string, string>, environment: NodeJS.ProcessEnv): void {
  const settings = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    ...values,
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  };
  for (const [name, value] of Object.entries(settings)) environment[name] ??= value;
}
