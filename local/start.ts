import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, readPort, runCommand } from '../tools/commandLine.ts';
import { writeInfoFile } from './infoFile.ts';
import { startupListing } from './functionsHost/startupListing.ts';
import { type LocalService, startLocalService } from './localService.ts';
import type { SignIn } from './signIn.ts';
import { stopSignal } from './stopSignal.ts';

const usage = `Runs the token service on this machine with emulators of every Azure service it uses.

npm start -- [--port N] [--enable-auth] [--callers oidc] [--host func]
             [--info-file PATH]

  --port N          default 7071; 0 takes a free port
  --enable-auth     check function keys, as Azure does
  --callers oidc    callers sign in at a local OpenID Connect provider
  --host func       serve with Azure Functions Core Tools instead of the embedded host
  --info-file PATH  write every URL, key and connection string to a JSON file
  --help            show this text

Ctrl-C stops everything. docs/local.md describes the emulators and how to inject faults.
`;

const options = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7071' },
      'enable-auth': { type: 'boolean', default: false },
      host: { type: 'string', default: 'embedded' },
      callers: { type: 'string', default: 'function-key' },
      'info-file': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    host: readChoice('--host', values.host, ['embedded', 'func']),
    callers: readChoice('--callers', values.callers, ['function-key', 'oidc']),
    port: readPort(values.port),
  };
});

await runCommand(async () => {
  const signal = stopSignal();
  const stopped = once(signal, 'abort').then(() => 'stopped');
  const service = await startLocalService({
    app: resolve('.'),
    port: options.port,
    enableAuth: options['enable-auth'],
    host: options.host,
    callers: options.callers,
    onLog: (line) => {
      console.log(line);
    },
    onProgress: (step) => {
      console.log(`${step} …`);
    },
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (service === undefined) return;
  const infoFile = options['info-file'];
  try {
    if (infoFile !== undefined) await writeInfoFile(infoFile, service);
    if (service.listing !== undefined) console.log(startupListing(service.listing, options['enable-auth']));
    console.log(welcome(service));
    const end = await Promise.race([stopped, service.exited.then(() => 'exited')]);
    if (end === 'exited')
      throw new CommandError('The Functions host exited unexpectedly. See its log above.');
  } finally {
    console.log('Stopping …');
    await service.stop();
    if (infoFile !== undefined) await rm(infoFile, { force: true });
  }
});

function readChoice<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new RangeError(`${option} must be ${choices.join(' or ')}, not '${text}'`);
}

function welcome(service: LocalService): string {
  return `${service.signIn === undefined ? firstToken(service) : signedIn(service, service.signIn)}
Control interface (inject faults, count requests; see docs/local.md): ${service.azure.controlUrl}
Ctrl-C stops everything.
`;
}

function firstToken({ url, listing }: LocalService): string {
  const key = options['enable-auth'] ? ` -H "x-functions-key: ${listing?.functionKey ?? '<key>'}"` : '';
  return `Create a user and its first access token:

  curl -X POST "${url}/api/users?scope=chat,voip"${key}
`;
}

function signedIn({ url }: LocalService, { provider }: SignIn): string {
  return `Issuer: ${provider.issuer}

Sign in as user alice, user bob or the administrator. Each command returns an access_token:

  ${provider.curl('alice')}
  ${provider.curl('bob')}
  ${provider.curl('admin')}

Get an ACS token as that user, or delete a user as the administrator:

  curl "${url}/api/users/me/token" -H "Authorization: Bearer <access_token>"
  curl -X DELETE "${url}/api/users/<communicationUserId>" -H "Authorization: Bearer <access_token>"
`;
}
