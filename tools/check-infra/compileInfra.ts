import { cp, glob, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BicepCompiler, outputLines } from './bicepCompiler.ts';
import { type ExpandedInfra, expandInfra } from './expandInfra.ts';

export interface CompiledInfra extends ExpandedInfra {
  /** What the linter says for information, which depends on today's date: old API versions. */
  notes: string[];
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
    const linted = await lint(bicep, copy);
    const findings = [...linted.findings, ...(await checkFormat(bicep, folder, copy, files))];
    const notes = linted.notes;
    if (findings.length > 0) return { findings, notes, template: undefined, deployments: [], files };

    onProgress('Expanding the deployments');
    return { ...(await expandInfra(bicep, copy)), notes, files };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Errors and warnings of the linter and the compiler. A warning leaves the exit code 0, so the output decides. */
async function lint(bicep: BicepCompiler, copy: string): Promise<{ findings: string[]; notes: string[] }> {
  const lines = new Set<string>();
  for (const pattern of ['**/*.bicep', '**/*.bicepparam']) {
    const { output, exitCode } = await bicep.run(['lint', '--pattern', pattern], copy);
    const printed = outputLines(output, copy);
    if (exitCode !== 0 && printed.every(isNote)) printed.push(`bicep lint failed with exit code ${exitCode}`);
    for (const line of printed) lines.add(line);
  }
  const findings = [...lines].filter((line) => !isNote(line));
  return {
    findings: await Promise.all(findings.map((line) => addSourceLine(line, copy))),
    notes: [...lines].filter(isNote),
  };
}

/** Whether the compiler only informs. Old API versions are such lines: they must not fail a check. */
function isNote(line: string): boolean {
  return line.includes(') : Info ');
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
