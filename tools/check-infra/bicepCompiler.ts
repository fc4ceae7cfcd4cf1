import { execFile } from 'node:child_process';
import { access, chmod, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CommandError } from '../commandLine.ts';

const PROJECT_FOLDER = import.meta.dirname;
const PACKAGES = join(PROJECT_FOLDER, '.cache/packages');

/** A finished program. */
export interface CommandResult {
  /** stdout, then stderr. */
  output: string;
  stdout: string;
  exitCode: number;
}

/** Where to look for a compiler. */
interface CompilerSearch {
  /** The folder for NuGet packages. */
  packages: string;
  env: NodeJS.ProcessEnv;
}

/** A Bicep compiler that can run. */
export interface BicepCompiler {
  /** Version and origin, for the output. */
  source: string;
  run(args: string[], cwd: string): Promise<CommandResult>;
}

/**
 * The Bicep on the PATH unless it is older than the pinned version; otherwise the pinned version, which
 * `dotnet restore` downloads from NuGet once. Rejects with what to install when neither is possible.
 */
export async function findBicepCompiler(
  onProgress: (step: string) => void,
  { packages, env }: CompilerSearch = { packages: PACKAGES, env: process.env },
): Promise<BicepCompiler> {
  const pinned = await pinnedVersion();
  const installed = await installedVersion(env);
  if (installed !== undefined && !isOlder(installed, pinned)) {
    return compiler('bicep', `Bicep ${installed} from the PATH`, env);
  }
  const program = join(packages, packageName().toLowerCase(), pinned, 'tools', executable('bicep'));
  if (!(await exists(program))) {
    onProgress(`Downloading Bicep ${pinned} from NuGet`);
    await restore(installed, packages, env);
  }
  await chmod(program, 0o755);
  return compiler(program, `Bicep ${pinned} from NuGet`, env);
}

/** The lines of a compiler's output, with paths relative to the folder. */
export function outputLines(output: string, folder: string): string[] {
  return output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.replaceAll(folder + sep, ''));
}

function compiler(program: string, source: string, env: NodeJS.ProcessEnv): BicepCompiler {
  return {
    source,
    async run(args, cwd) {
      const result = await run(program, args, cwd, env);
      if (result === undefined) throw new CommandError(`${program} cannot be run.`);
      return result;
    },
  };
}

async function pinnedVersion(): Promise<string> {
  const project = await readFile(join(PROJECT_FOLDER, 'bicep.csproj'), 'utf8');
  const version = /PackageDownload [^>]*Version="\[([\d.]+)\]"/.exec(project)?.[1];
  if (version === undefined)
    throw new CommandError('tools/check-infra/bicep.csproj has no version of Bicep.');
  return version;
}

async function installedVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const result = await run('bicep', ['--version'], '.', env);
  return result && /version (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1];
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

async function restore(
  installed: string | undefined,
  packages: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const result = await run(
    'dotnet',
    ['restore', 'bicep.csproj', `-p:BicepRuntime=${runtime()}`, `-p:RestorePackagesPath=${packages}`],
    PROJECT_FOLDER,
    env,
  );
  if (result?.exitCode === 0) return;
  const bicep = installed === undefined ? 'bicep is not on the PATH' : `bicep ${installed} is too old`;
  const dotnet =
    result === undefined
      ? 'dotnet, which downloads it, is not on the PATH.'
      : `dotnet restore failed:\n${result.output.trim()}`;
  throw new CommandError(
    `${bicep}, and ${dotnet}\nInstall the Bicep CLI (https://aka.ms/bicep-install) or the .NET SDK (https://dot.net).`,
  );
}

function packageName(): string {
  return `Azure.Bicep.CommandLine.${runtime()}`;
}

/** NuGet's runtime identifier of this machine. */
function runtime(): string {
  const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'osx', win32: 'win' };
  return `${systems[process.platform] ?? process.platform}-${process.arch}`;
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Runs a program; undefined when it is not installed. */
function run(
  program: string,
  args: string[],
  cwd: string,
  variables: NodeJS.ProcessEnv,
): Promise<CommandResult | undefined> {
  const env = { ...variables, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve({ output: stdout + stderr, stdout, exitCode: 0 });
      else if (typeof error.code === 'number') {
        resolve({ output: stdout + stderr, stdout, exitCode: error.code });
      } else if (error.code === 'ENOENT') resolve(undefined);
      else reject(new CommandError(`${program}: ${error.message}`));
    });
  });
}
