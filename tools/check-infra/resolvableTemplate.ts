/** What is used here of the template that `bicep build` writes. */
interface Template {
  resources: Record<string, TemplateResource>;
}

interface TemplateResource {
  type: string;
  name: string;
  existing?: true;
  managedBy?: string;
  dependsOn?: string[];
  copy?: unknown;
  properties?: { template: Template };
}

/** For each resource and module, by symbol: the ones that Azure creates before it. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/** The public cloud. A snapshot leaves `environment()` as it is. */
const publicCloud =
  "createObject('name', 'AzureCloud', 'suffixes', createObject('storage', 'core.windows.net', 'keyvaultDns', '.vault.azure.net'))";

/**
 * Changes a compiled template so that `bicep snapshot` evaluates everything but what only Azure knows: it resolves the
 * outputs of a module only when the module's name is constant. Each resource carries its symbol in `managedBy`.
 */
export function makeResolvable(json: string): { template: unknown; dependencies: Dependencies } {
  const template = JSON.parse(json.replaceAll('environment()', publicCloud)) as Template;
  const dependencies = new Map<string, readonly string[]>();
  nameModules(template, '', [], dependencies);
  return { template, dependencies };
}

/** Returns the symbols of the template's resources. */
function nameModules(
  { resources }: Template,
  path: string,
  inherited: readonly string[],
  dependencies: Map<string, readonly string[]>,
): string[] {
  for (const [symbol, resource] of Object.entries(resources)) {
    const id = path + symbol;
    const before = [...inherited, ...(resource.dependsOn ?? []).map((other) => path + symbolOf(other))];
    const module = resource.type === 'Microsoft.Resources/deployments' && resource.properties?.template;
    if (module) {
      resource.name = resource.copy === undefined ? id : `[format('${id}-{0}', copyIndex())]`;
      // What waits for a module waits for all its resources.
      before.push(...nameModules(module, `${id}.`, [...before], dependencies));
    } else if (!resource.existing) {
      resource.managedBy = id;
    }
    dependencies.set(id, before);
  }
  return Object.keys(resources).map((symbol) => path + symbol);
}

/** The symbol that an entry of dependsOn names. An element of a loop is `[format('symbol[{0}]', …)]`. */
function symbolOf(dependency: string): string {
  return /^\[format\('([^[]+)\[/.exec(dependency)?.[1] ?? dependency.replace(/\[\d+\]$/, '');
}
