import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Host, type HostOptions, startHost } from './host.ts';
import type { HostListing, HostMessage } from './hostMessage.ts';
import { StartError } from './startError.ts';
import { startupListing } from './startupListing.ts';

const usage = `Serves an Azure Functions app on this machine.

node local/functionsHost/hostProcess.ts [--app DIR] [--port N] [--enable-auth]

  --app DIR      the folder of host.json and package.json; the current one by default
  --port N       default 7071; 0 takes a free one
  --enable-auth  check function keys as Azure does
`;

function readArguments(): HostOptions {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: '.' },
      port: { type: 'string' },
      'enable-auth': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  if (values.port !== undefined && !(/^\d{1,5}$/.test(values.port) && Number(values.port) <= 65_535)) {
    throw new RangeError(`--port must be a number from 0 to 65535, not '${values.port}'.`);
  }
  return {
    app: resolve(values.app),
    port: values.port === undefined ? undefined : Number(values.port),
    enableAuth: values['enable-auth'],
  };
}

function readArgumentsOrExit(): HostOptions {
  try {
    return readArguments();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${reason.replace(/\.?$/, '.')} See --help.\n`);
    process.exit(2);
  }
}

let host: Host | undefined;
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await host?.close();
  process.exit(0);
}

function tellParent(message: HostMessage): Promise<void> {
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
  if (thrown instanceof Error && !('code' in thrown && thrown.code === 'EADDRINUSE')) {
    process.stderr.write(`${thrown.stack ?? thrown.message}\n`);
  }
  if (process.send) await tellParent({ type: 'failed', message });
  else process.stderr.write(`${message}\n`);
  process.exit(1);
}

const options = readArgumentsOrExit();
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    void stop();
  });
}
try {
  host = await startHost(options);
  const listing = list(host);
  if (process.send) await tellParent({ type: 'ready', ...listing });
  else process.stdout.write(startupListing(listing, options.enableAuth));
} catch (error) {
  await fail(error);
}
