import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import spawn from 'cross-spawn';
import type { Client, ClientInput, ClientResult } from './client.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
/** Where Debian's packages put their jars; another folder in CLIENT_JARS. */
const JARS = process.env['CLIENT_JARS'] ?? '/usr/share/java';
const JACKSON = ['jackson-databind.jar', 'jackson-core.jar', 'jackson-annotations.jar'];
const ANDROID_JSON = ['com.android.json.jar', 'kotlin-stdlib.jar'];
const TIMEOUT_MS = 300_000;

const dotnet: Client = {
  name: '.NET',
  hasCredential: false,
  missing: () => (has('dotnet') ? undefined : 'the .NET SDK 10'),
  async prepare(folder) {
    const project = join(EXAMPLES, 'dotnet/TokenClient.csproj');
    const build = ['build', project, '--artifacts-path', folder];
    const run = runsAs('dotnet', [join(folder, 'bin/TokenClient/debug/TokenClient.dll')]);
    const { exitCode, output } = await execute('dotnet', build);
    if (exitCode === 0) return { run };
    if (!output.includes('NU1101')) throw new Error(`dotnet failed:\n${output}`);
    await compile('dotnet', [...build, '-p:WithoutSdk=true']);
    return { run, uncovered: 'Credential.cs, because NuGet does not have Azure.Communication.Common here' };
  },
};

const java: Client = {
  name: 'Java',
  hasCredential: false,
  missing: () =>
    has('javac') ? missingJars(JACKSON, 'libjackson2-databind-java') : 'openjdk-17-jdk-headless',
  async prepare(folder) {
    const sources = ['TokenClient.java', 'Example.java'].map((name) => join(EXAMPLES, 'java', name));
    await compile('javac', ['--release', '11', '-cp', classPath(JACKSON), '-d', folder, ...sources]);
    return {
      run: runsAs('java', ['-cp', [folder, classPath(JACKSON)].join(delimiter), 'Example']),
      uncovered: 'Credential.java, which needs com.azure:azure-communication-common of Maven',
    };
  },
};

const android: Client = {
  name: 'Android',
  hasCredential: false,
  missing: () => (has('kotlinc', '-version') ? missingJars(ANDROID_JSON, 'libandroid-json-java') : 'kotlin'),
  async prepare(folder) {
    const sources = ['TokenClient.kt', 'Example.kt'].map((name) => join(EXAMPLES, 'android', name));
    await compile('kotlinc', [...sources, '-cp', classPath(ANDROID_JSON), '-d', folder]);
    return {
      run: runsAs('java', ['-cp', [folder, classPath(ANDROID_JSON)].join(delimiter), 'ExampleKt']),
      uncovered: 'Credential.kt, which needs com.azure.android:azure-communication-common of Maven',
    };
  },
};

const pythonCommand = has('python3') ? 'python3' : 'python';
const python: Client = {
  name: 'Python',
  hasCredential: false,
  missing: () => (has(pythonCommand) ? undefined : 'python3'),
  prepare: () =>
    Promise.resolve({
      run: runsAs(pythonCommand, ['-B', join(EXAMPLES, 'python/example.py')]),
      uncovered: 'credential.py, which needs azure-communication-chat of PyPI',
    }),
};

/** The clients that are programs of their own. */
export const commandClients = [dotnet, java, android, python];

function has(command: string, option = '--version'): boolean {
  return spawn.sync(command, [option], { stdio: 'ignore' }).status === 0;
}

function missingJars(names: string[], debianPackage: string): string | undefined {
  const all = names.every((name) => existsSync(join(JARS, name)));
  return all ? undefined : `${debianPackage}, or set CLIENT_JARS to a folder with ${names.join(', ')}`;
}

function classPath(names: string[]): string {
  return names.map((name) => join(JARS, name)).join(delimiter);
}

async function compile(command: string, args: string[]): Promise<void> {
  const { exitCode, output } = await execute(command, args);
  if (exitCode !== 0) throw new Error(`${command} failed:\n${output}`);
}

function runsAs(command: string, args: string[]) {
  return async ({
    api,
    bearerToken,
    renewedBearerToken,
    calls,
    rounds,
  }: ClientInput): Promise<ClientResult> => {
    const { exitCode, stdout, output } = await execute(command, [...args, String(calls), String(rounds)], {
      TOKEN_SERVICE_URL: api,
      BEARER_TOKEN: bearerToken,
      RENEWED_BEARER_TOKEN: renewedBearerToken,
    });
    return { exitCode, line: parseLine(stdout), output };
  };
}

/** Nothing when the program ended before it printed its line: the output says why. */
function parseLine(stdout: string): Record<string, unknown> {
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : {};
}

async function execute(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ exitCode: number; stdout: string; output: string }> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  const read = async (stream: Readable | null) => (stream === null ? '' : text(stream));
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  return { exitCode: await exited, stdout, output: stdout + stderr };
}
