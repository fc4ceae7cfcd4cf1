import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as z from 'zod';
import { type AzureCli, azureCli, readFromAzure, shellCommand } from '../../../tools/rotate-key/azureCli.ts';
import { installCommand } from '../../e2e/installCommand.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-cli-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** An `az` that runs this script. */
async function az(script: string, signal = new AbortController().signal): Promise<AzureCli> {
  return azureCli({ ...process.env, PATH: await installCommand(folder, 'az', script) }, signal);
}

test('passes arguments and stdin unchanged', async () => {
  const echo = await az(`
    const input = require('node:fs').readFileSync(0, 'utf8');
    console.log(JSON.stringify({ args: process.argv.slice(2), input }));`);
  const args = [
    'rest',
    '--query',
    "[?contains(['a','b'],name)].{name:name}",
    '--x',
    'a & b | c > d',
    '$HOME',
    '*',
  ];

  const printed = await echo({ args, input: '{"keyType":"Primary"}' });

  expect(JSON.parse(printed)).toEqual({ args, input: '{"keyType":"Primary"}' });
});

test('turns the log file of az off', async () => {
  const env = await az(`console.log(process.env.AZURE_LOGGING_ENABLE_LOG_FILE)`);

  expect(await env({ args: [] })).toBe('false\n');
});

test('rejects with the stderr of az, without its stdout', async () => {
  const fails = await az(`
    console.log('printed');
    console.error("ERROR: Please run 'az login' to setup account.");
    process.exitCode = 1;`);

  await expect(fails({ args: ['rest', '--method', 'post'] })).rejects.toThrow(
    /^az rest failed: ERROR: Please run 'az login' to setup account\.$/,
  );
});

test('names the command that printed unexpected output, but not the output', async () => {
  const prints = await az(`console.log('{"accessKey":"c2VjcmV0"}')`);
  const reading = readFromAzure(prints, z.array(z.string()), ['resource', 'list', '--name', 'a']);

  await expect(reading).rejects.toThrow(
    /^az resource list printed unexpected output\. Update the Azure CLI\.$/,
  );
});

test('links to the Azure CLI when it is not installed', async () => {
  const none = azureCli({ ...process.env, PATH: folder }, new AbortController().signal);

  await expect(none({ args: ['rest'] })).rejects.toThrow('The Azure CLI is not on the PATH');
});

test('the signal ends a running command', async () => {
  const interruption = new AbortController();
  const started = join(folder, 'started');
  const hangs = await az(
    `require('node:fs').writeFileSync(${JSON.stringify(started)}, ''); setInterval(() => {}, 1000);`,
    interruption.signal,
  );

  const running = hangs({ args: ['rest'] });
  while ((await readFile(started).catch(() => undefined)) === undefined);
  interruption.abort();

  await expect(running).rejects.toThrow('aborted');
});

test('quotes a command for bash, zsh and PowerShell', () => {
  const args = ['rest', '--url', '/a/b?api-version=1', '--query', "{t:tags,n:'x y'}", '--body', '@-'];

  expect(shellCommand({ args, input: '{"keyType":"Primary"}' })).toBe(
    `echo '{"keyType":"Primary"}' | az rest --url "/a/b?api-version=1" --query "{t:tags,n:'x y'}" --body "@-"`,
  );
});
