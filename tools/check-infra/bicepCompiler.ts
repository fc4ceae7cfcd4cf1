import { execFile } from 'node:child_process';
import { access, chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../commandLine.ts';

const PROJECT_FOLDER = import.meta.dirname;
const PACKAGES = join(PROJECT_FOLDER, '.cache/packages');

/** What a program printed, both streams, and how it ended. */
export interface Ran {
  output: string;
  /** What went to stdout alone. */
  stdout: string;
  exitCode: number;
}

/** The Bicep compiler, ready to run. */
export interface BicepCompiler {
  /** Where it comes from, for people. */
  source: string;
  run(args: string[], cwd: string): Promise<Ran>;
}

/**
 * The compiler on the PATH if it is not older than the one this project pins, otherwise that one, which
 * `dotnet restore` fetches from NuGet once. Rejects with what to install when there is neither.
 */
export async function findBicepCompiler(onProgress: (step: string) => void): Promise<BicepCompiler> {
  const pinned = await pinnedVersion();
  const installed = await installedVersion();
  if (installed !== undefined && !isOlder(installed, pinned)) {
    return compiler('bicep', `Bicep ${installed} from the PATH`);
  }
  const program = join(PACKAGES, packageName().toLowerCase(), pinned, 'tools', executable('bicep'));
  if (!(await exists(program))) {
    onProgress(`Fetching Bicep ${pinned} from NuGet`);
    await restore(installed);
  }
  await chmod(program, 0o755);
  return compiler(program, `Bicep ${pinned} from NuGet`);
}

function compiler(program: string, source: string): BicepCompiler {
  return {
    source,
    async run(args, cwd) {
      const ran = await run(program, args, cwd);
      if (ran === undefined) throw new CommandError(`${program} cannot be run.`);
      return ran;
    },
  };
}

async function pinnedVersion(): Promise<string> {
  const project = await readFile(join(PROJECT_FOLDER, 'bicep.csproj'), 'utf8');
  const version = /PackageDownload [^>]*Version="\[([\d.]+)\]"/.exec(project)?.[1];
  if (version === undefined)
    throw new CommandError('tools/check-infra/bicep.csproj names no version of Bicep.');
  return version;
}

async function installedVersion(): Promise<string | undefined> {
  const ran = await run('bicep', ['--version'], '.');
  return ran && /version (\d+\.\d+\.\d+)/.exec(ran.stdout)?.[1];
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

async function restore(installed: string | undefined): Promise<void> {
  const ran = await run(
    'dotnet',
    ['restore', 'bicep.csproj', `-p:BicepRuntime=${runtime()}`],
    PROJECT_FOLDER,
  );
  if (ran?.exitCode === 0) return;
  const found = installed === undefined ? 'There is no bicep on the PATH' : `bicep ${installed} is too old`;
  const tried =
    ran === undefined ? 'no dotnet to fetch it with' : `dotnet restore failed:\n${ran.output.trim()}`;
  throw new CommandError(
    `${found}, and ${tried}\nInstall the Bicep CLI (https://aka.ms/bicep-install) or the .NET SDK (https://dot.net).`,
  );
}

function packageName(): string {
  return `Azure.Bicep.CommandLine.${runtime()}`;
}

/** This machine, as NuGet's runtime identifiers name it. */
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

/** Runs a program to its end; undefined when there is no such program. */
function run(program: string, args: string[], cwd: string): Promise<Ran | undefined> {
  const env = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
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
