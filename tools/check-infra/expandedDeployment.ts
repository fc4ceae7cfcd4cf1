import * as z from 'zod';

const resourceSchema = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});

export const snapshotSchema = z.object({ predictedResources: z.array(resourceSchema) });

export const parametersSchema = z.object({
  parameters: z
    .record(z.string(), z.object({ value: z.unknown() }))
    .transform((parameters) =>
      Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value])),
    ),
});

/** A resource as it is sent to Azure. A value that only Azure can evaluate is an `[expression]`. */
export type Resource = z.infer<typeof resourceSchema>;

/** The resources that one parameters file deploys. */
export interface Deployment {
  /** The parameters file, without its extension. */
  name: string;
  /** The parameters that the file sets. */
  parameters: Readonly<Record<string, unknown>>;
  resources: readonly Resource[];
}

export function ofType({ resources }: Deployment, type: string): Resource[] {
  return resources.filter((resource) => resource.type.toLowerCase() === type.toLowerCase());
}

/** A property of a resource, by a path such as `siteConfig.minTlsVersion`. */
export function property(resource: Resource, path: string): unknown {
  let value: unknown = resource.properties;
  for (const key of path.split('.')) {
    value = (value as Record<string, unknown> | null | undefined)?.[key];
  }
  return value;
}

/** The type of the resource that an extension resource, such as a role assignment, belongs to. */
export function scopeType({ id }: Resource): string {
  const scope =
    /^\[extensionResourceId\('([^']*)'/.exec(id)?.[1] ?? id.replace(/\/providers\/[^/]+\/[^/]+\/[^/]+$/, '');
  const [namespace, ...segments] = scope
    .slice(scope.lastIndexOf('/providers/') + '/providers/'.length)
    .split('/');
  return [namespace, ...segments.filter((_, index) => index % 2 === 0)].join('/');
}
