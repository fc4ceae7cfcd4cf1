import * as z from 'zod';
import type { Dependencies } from './resolvableTemplate.ts';

const resourceSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  /** The symbol in the Bicep files, after the symbols of its modules: `vault.reader`. */
  managedBy: z.string(),
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
  /** By symbol. */
  dependencies: Dependencies;
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

/** The values at a path such as `properties.subnets.*.name`: `*` is each element of an array, each key of an object. */
export function valuesAt(value: unknown, path: string): unknown[] {
  let values = [value];
  for (const key of path.split('.')) {
    values = values
      .flatMap((parent) => (key === '*' ? elements(parent) : [(parent as Record<string, unknown>)[key]]))
      .filter((child) => child !== undefined && child !== null);
  }
  return values;
}

function elements(parent: unknown): unknown[] {
  return Array.isArray(parent) ? parent : Object.keys(parent as object);
}

/** How a finding names a resource. A name that only Azure can evaluate is replaced by the symbol. */
export function label({ type, name, managedBy }: Resource): string {
  return `${type} ${name.startsWith('[') ? managedBy : name}`;
}

/** The type of the resource that an extension resource, such as a role assignment, belongs to. */
export function scopeType({ id }: Resource): string {
  return typeOf(
    /^\[extensionResourceId\('([^']*)'/.exec(id)?.[1] ?? id.replace(/\/providers\/[^/]+\/[^/]+\/[^/]+$/, ''),
  );
}

/** The type in a resource id. */
export function typeOf(id: string): string {
  const [namespace, ...segments] = id.slice(id.lastIndexOf('/providers/') + '/providers/'.length).split('/');
  return [namespace, ...segments.filter((_, index) => index % 2 === 0)].join('/');
}

/** The last segment of a name or an id. */
export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
