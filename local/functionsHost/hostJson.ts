import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from './jsonFile.ts';
import { StartError } from './startError.ts';

const hostJsonSchema = z.object({
  version: z.literal('2.0'),
  extensions: z.object({ http: z.object({ routePrefix: z.string().optional() }).optional() }).optional(),
});

/** The settings in host.json that this host uses. */
export interface HostJson {
  /** Without leading and trailing slashes; may be empty. */
  routePrefix: string;
}

/** Reads host.json. Throws when it is missing or malformed. */
export async function readHostJson(app: string): Promise<HostJson> {
  const hostJson = await readJsonFile(join(app, 'host.json'), hostJsonSchema);
  if (hostJson === undefined)
    throw new StartError(`No host.json in ${app}. Use the folder of a function app.`);
  const routePrefix = hostJson.extensions?.http?.routePrefix ?? 'api';
  return { routePrefix: routePrefix.replace(/^\/+|\/+$/g, '') };
}
