import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from './jsonFile.ts';
import { StartError } from './startError.ts';

const hostJsonSchema = z.object({
  version: z.literal('2.0'),
  extensions: z.object({ http: z.object({ routePrefix: z.string().optional() }).optional() }).optional(),
});

/** The part of host.json that decides where HTTP functions are found. */
export interface HostJson {
  /** Without slashes around it; may be empty. */
  routePrefix: string;
}

export async function readHostJson(app: string): Promise<HostJson> {
  const hostJson = await readJsonFile(join(app, 'host.json'), hostJsonSchema);
  if (hostJson === undefined)
    throw new StartError(`There is no host.json in ${app}: it is not a function app.`);
  const routePrefix = hostJson.extensions?.http?.routePrefix ?? 'api';
  return { routePrefix: routePrefix.replace(/^\/+|\/+$/g, '') };
}
