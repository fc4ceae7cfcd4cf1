import { glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BicepCompiler, outputLines } from './bicepCompiler.ts';
import { type Deployment, parametersSchema, snapshotSchema } from './expandedDeployment.ts';
import { type Dependencies, makeResolvable } from './resolvableTemplate.ts';

/** A made-up place in Azure: `bicep snapshot` needs one to evaluate expressions. */
const snapshotScope = [
  ['--subscription-id', '00000000-0000-0000-0000-000000000001'],
  ['--resource-group', 'resource-group'],
  ['--location', 'westeurope'],
].flat();

/** Not main.json: build-params writes the parameters of main.bicepparam there. */
const COMPILED = 'compiled.json';

export interface ExpandedInfra {
  findings: string[];
  /** The ARM template of main.bicep; undefined when it does not compile. */
  template: unknown;
  /** One per parameters file. */
  deployments: Deployment[];
}

/** Compiles main.bicep and expands every parameters file of a folder. Writes into the folder: give it a copy. */
export async function expandInfra(bicep: BicepCompiler, copy: string): Promise<ExpandedInfra> {
  const built = await bicep.run(['build', 'main.bicep', '--stdout'], copy);
  if (built.exitCode !== 0)
    return { findings: outputLines(built.output, copy), template: undefined, deployments: [] };

  const { template, dependencies } = makeResolvable(built.stdout);
  await writeFile(join(copy, COMPILED), JSON.stringify(template));
  const files = (await Array.fromAsync(glob('**/*.bicepparam', { cwd: copy }))).sort();
  await Promise.all(files.map((file) => useCompiledTemplate(join(copy, file))));
  await bicep.run(['build-params', '--pattern', '**/*.bicepparam'], copy);
  const expanded = await Promise.all(files.map((file) => expand(bicep, copy, file, dependencies)));
  return {
    findings: expanded.filter((outcome) => typeof outcome === 'string'),
    template,
    deployments: expanded.filter((outcome) => typeof outcome !== 'string'),
  };
}

async function useCompiledTemplate(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^using '(.*)main\.bicep'/m, `using '$1${COMPILED}'`));
}

/** What a parameters file deploys, or a finding when it cannot be expanded. build-params must have run. */
async function expand(
  bicep: BicepCompiler,
  copy: string,
  file: string,
  dependencies: Dependencies,
): Promise<Deployment | string> {
  const name = file.replace(/\.bicepparam$/, '');
  const result = await bicep.run(['snapshot', file, ...snapshotScope], copy);
  if (result.exitCode !== 0) return `${file} : ${outputLines(result.output, copy).join('\n')}`;
  const read = async (path: string) => JSON.parse(await readFile(join(copy, path), 'utf8')) as unknown;
  const { parameters } = parametersSchema.parse(await read(`${name}.json`));
  const { predictedResources } = snapshotSchema.parse(await read(`${name}.snapshot.json`));
  return { name, parameters, resources: predictedResources, dependencies };
}
