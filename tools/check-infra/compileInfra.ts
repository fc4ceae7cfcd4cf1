import { cp, glob, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import type { BicepCompiler } from './bicepCompiler.ts';
import { type Deployment, parametersSchema, snapshotSchema } from './expandedDeployment.ts';

/** A made-up place in Azure: `bicep snapshot` needs one to evaluate expressions. */
const snapshotScope = [
  ['--subscription-id', '00000000-0000-0000-0000-000000000001'],
  ['--resource-group', 'resource-group'],
  ['--location', 'westeurope'],
].flat();

export interface CompiledInfra {
  findings: string[];
  /** The ARM template of main.bicep; undefined when it does not compile. */
  template: unknown;
  /** One per parameters file. */
  deployments: Deployment[];
  files: string[];
}

/** Lints, format-checks and compiles every Bicep file of a folder, and expands every parameters file. */
export async function compileInfra(
  bicep: BicepCompiler,
  folder: string,
  onProgress: (step: string) => void,
): Promise<CompiledInfra> {
  // The compiler prints real paths, and the temporary folder is often a link.
  const copy = await realpath(await mkdtemp(join(tmpdir(), 'infra-check-')));
  try {
    await cp(folder, copy, { recursive: true });
    const files = (await Array.fromAsync(glob('**/*.{bicep,bicepparam}', { cwd: copy }))).sort();
    onProgress(`Linting and format-checking ${files.length} files`);
    const findings = [...(await lint(bicep, copy)), ...(await checkFormat(bicep, folder, copy, files))];
    if (findings.length > 0) return { findings, template: undefined, deployments: [], files };

    const parameterFiles = files.filter((file) => file.endsWith('.bicepparam'));
    onProgress(`Expanding ${parameterFiles.length} deployments`);
    await bicep.run(['build-params', '--pattern', '**/*.bicepparam'], copy);
    const template = await bicep.run(['build', 'main.bicep', '--stdout'], copy);
    const expanded = await Promise.all(parameterFiles.map((file) => expand(bicep, copy, file)));
    findings.push(...expanded.filter((outcome) => typeof outcome === 'string'));
    const deployments = expanded.filter((outcome) => typeof outcome !== 'string');
    return { findings, template: JSON.parse(template.stdout), deployments, files };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Errors and warnings of the linter and the compiler. A warning leaves the exit code 0, so the output decides. */
async function lint(bicep: BicepCompiler, copy: string): Promise<string[]> {
  const lines = new Set<string>();
  for (const pattern of ['**/*.bicep', '**/*.bicepparam']) {
    const { output, exitCode } = await bicep.run(['lint', '--pattern', pattern], copy);
    const findings = findingsIn(output, copy);
    if (exitCode !== 0 && findings.length === 0)
      findings.push(`bicep lint failed with exit code ${exitCode}`);
    for (const line of findings) lines.add(line);
  }
  return Promise.all([...lines].map((line) => addSourceLine(line, copy)));
}

/** Adds the source line that a finding points at: the compiler's message may not name the parameter. */
async function addSourceLine(finding: string, copy: string): Promise<string> {
  const [, file, line] = /^(.+?)\((\d+),\d+\) : /.exec(finding) ?? [];
  if (file === undefined) return finding;
  const source = (await readFile(resolve(copy, file), 'utf8')).split(/\r?\n/)[Number(line) - 1];
  return `${finding}\n    ${source?.trim()}`;
}

/** Formats the copy and lists the files that this changes. */
async function checkFormat(
  bicep: BicepCompiler,
  folder: string,
  copy: string,
  files: string[],
): Promise<string[]> {
  for (const pattern of ['**/*.bicep', '**/*.bicepparam'])
    await bicep.run(['format', '--pattern', pattern], copy);
  const changed: string[] = [];
  for (const file of files) {
    const [written, formatted] = await Promise.all([
      readFile(join(folder, file), 'utf8'),
      readFile(join(copy, file), 'utf8'),
    ]);
    if (written !== formatted) changed.push(`${file} : is not formatted. Run: bicep format ${file}`);
  }
  return changed;
}

/** What a parameters file deploys, or a finding when it cannot be expanded. build-params must have run. */
async function expand(bicep: BicepCompiler, copy: string, file: string): Promise<Deployment | string> {
  const name = file.replace(/\.bicepparam$/, '');
  const result = await bicep.run(['snapshot', file, ...snapshotScope], copy);
  if (result.exitCode !== 0) return `${file} : ${findingsIn(result.output, copy).join('\n')}`;
  const read = async (path: string) => JSON.parse(await readFile(join(copy, path), 'utf8')) as unknown;
  const { parameters } = parametersSchema.parse(await read(`${name}.json`));
  const { predictedResources } = snapshotSchema.parse(await read(`${name}.snapshot.json`));
  return { name, parameters, resources: predictedResources };
}

/** The compiler's output without its Info lines, which depend on today's date and must not fail a check. */
function findingsIn(output: string, copy: string): string[] {
  return output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.includes(') : Info '))
    .map((line) => line.replaceAll(copy + sep, ''));
}
