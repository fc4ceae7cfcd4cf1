import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, readPort, runCommand } from './commandLine.ts';
import { writeInfoFile } from './infoFile.ts';
import { startupListing } from './functionsHost/startupListing.ts';
import { type LocalService, startLocalService } from './service.ts';

const usage = `The whole service on this machine, with every part of Azure emulated.

npm start -- [--port N] [--enable-auth] [--host func] [--info-file PATH]

  --port N          default 7071; 0 takes a free one
  --enable-auth     check function keys as Azure does
  --host func       serve with Azure Functions Core Tools instead of the embedded host
  --info-file PATH  once ready, write every URL, key and connection string there as JSON
  --help            this text

Ctrl-C stops everything. docs/local.md tells how to make the emulators fail.
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7071' },
      'enable-auth': { type: 'boolean', default: false },
      host: { type: 'string', default: 'embedded' },
      'info-file': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return { ...values, host: readHost(values.host), port: readPort(values.port) };
});

await runCommand(async () => {
  const interrupted = new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  });
  const service = await startLocalService({
    app: resolve('.'),
    port: options.port,
    enableAuth: options['enable-auth'],
    host: options.host,
    onLog: (line) => {
      console.log(line);
    },
    onProgress: (step) => {
      console.log(`${step} …`);
    },
  });
  const infoFile = options['info-file'];
  try {
    if (infoFile !== undefined) await writeInfoFile(infoFile, service);
    if (service.listing !== undefined) console.log(startupListing(service.listing, options['enable-auth']));
    console.log(welcome(service));
    const end = await Promise.race([interrupted, service.exited.then(() => 'exited')]);
    if (end === 'exited') throw new CommandError('The functions host ended unexpectedly.');
  } finally {
    console.log('Stopping …');
    await service.stop();
    if (infoFile !== undefined) await rm(infoFile, { force: true });
  }
});

function readHost(text: string): 'embedded' | 'func' {
  if (text === 'embedded' || text === 'func') return text;
  throw new RangeError(`--host must be func or embedded, not '${text}'`);
}

function welcome({ url, listing, azure }: LocalService): string {
  const key = options['enable-auth'] ? ` -H "x-functions-key: ${listing?.functionKey ?? '<key>'}"` : '';
  return `Create a user and get its first access token:

  curl -X POST "${url}/api/users?scope=chat,voip"${key}

Make the emulators fail, read what they have seen (docs/local.md): ${azure.controlUrl}
Ctrl-C stops everything.
`;
}
