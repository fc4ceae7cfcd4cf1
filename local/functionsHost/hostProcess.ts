import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readCommandLine, readPort } from '../../tools/commandLine.ts';
import { type Host, startHost } from './host.ts';
import type { HostListing, HostMessage } from './hostMessage.ts';
import { StartError } from './startError.ts';
import { startupListing } from './startupListing.ts';

const usage = `Serves an Azure Functions app on this machine.

npm run host -- [--app DIR] [--port N] [--enable-auth] [--allow-local-pages]
                [--compact-log] [--console URL [--sample-users URL]]

  --app DIR            folder of host.json and package.json; default: the current folder
  --port N             default 7071; 0 takes a free port
  --enable-auth        check function keys, as Azure does
  --allow-local-pages  let pages on any port of this machine call the functions
  --compact-log        print one line for each request
  --console URL        serve the local console, for the emulators of the control interface at URL
  --sample-users URL   with --console: the local identity provider whose users can sign in there
  --help               show this text
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: '.' },
      port: { type: 'string', default: '7071' },
      'enable-auth': { type: 'boolean', default: false },
      'allow-local-pages': { type: 'boolean', default: false },
      'compact-log': { type: 'boolean', default: false },
      console: { type: 'string' },
      'sample-users': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values['sample-users'] !== undefined && values.console === undefined) {
    throw new RangeError('--sample-users needs --console');
  }
  return {
    help: values.help,
    app: resolve(values.app),
    port: readPort(values.port),
    enableAuth: values['enable-auth'],
    allowLocalPages: values['allow-local-pages'],
    compactLog: values['compact-log'],
    console:
      values.console === undefined
        ? undefined
        : { controlUrl: values.console, sampleUsersUrl: values['sample-users'] },
  };
});

let host: Host | undefined;
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await host?.close();
  process.exit(0);
}

function sendToParent(message: HostMessage): Promise<void> {
  return new Promise((sent) => {
    process.send?.(message, () => {
      sent();
    });
  });
}

function list({ url, port, functions, keys }: Host): HostListing {
  return {
    url,
    port,
    functions: functions.map(({ name, methods, route, authLevel }) => ({
      name,
      methods,
      url: `${url}/${route}`,
      authLevel,
    })),
    ...keys,
  };
}

async function fail(error: unknown): Promise<never> {
  const message = error instanceof Error ? error.message : String(error);
  const thrown = error instanceof StartError ? error.cause : error;
  if (thrown instanceof Error) process.stderr.write(`${thrown.stack ?? thrown.message}\n`);
  if (process.send) await sendToParent({ type: 'failed', message });
  else process.stderr.write(`${message}\n`);
  process.exit(1);
}

process.on('disconnect', () => void stop());
if (process.send && !process.connected) process.exit(0);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());
try {
  host = await startHost(options);
  const listing = list(host);
  if (process.send) await sendToParent({ type: 'ready', listing });
  else process.stdout.write(startupListing(listing, options.enableAuth));
} catch (error) {
  await fail(error);
}
