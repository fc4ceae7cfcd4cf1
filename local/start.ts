import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readSettings } from '../shared/config.ts';
import { ServiceError } from '../shared/errors.ts';
import { parseConnectionString } from '../shared/keyVault/connectionString.ts';
import { CommandError, readCommandLine, readPort, runCommand } from '../tools/commandLine.ts';
import { readLocalSettings } from './functionsHost/localSettings.ts';
import { startupListing } from './functionsHost/startupListing.ts';
import { writeInfoFile } from './infoFile.ts';
import type { LocalVault } from './localAzure.ts';
import { type LocalServiceOptions, startLocalService, startLocalServiceWith } from './localService.ts';
import { settingsAdvice } from './settingsAdvice.ts';
import { stopSignal } from './stopSignal.ts';
import { welcome } from './welcome.ts';

const usage = `Runs the token service on this machine with emulators of every Azure service it uses.

npm start -- [--port N] [--enable-auth] [--callers oidc] [--oidc-port N]
             [--issuer URL --audience A] [--host func] [--info-file PATH]
             [--verbose]

  --port N          default 7071; 0 takes a free port
  --enable-auth     check function keys, as Azure does
  --callers oidc    callers sign in at a local OpenID Connect provider
  --oidc-port N     the port of that provider; default: a free one
  --issuer URL      with --callers oidc, callers sign in at your own provider
  --audience A      the audience of its access tokens for this service
  --host func       serve with Azure Functions Core Tools instead of the embedded host
  --info-file PATH  write every URL, key and connection string to a JSON file, such
                    as info.json, which git ignores
  --verbose         print everything that the functions log
  --help            show this text; npm start help does too

Set settings as environment variables, or in local.settings.json. With
ACS_CONNECTION_STRING in the environment, tokens come from that resource and are real.

Ctrl-C stops everything. docs/local.md describes the emulators and how to inject faults.
`;

const config = {
  port: { type: 'string', default: '7071' },
  'enable-auth': { type: 'boolean', default: false },
  host: { type: 'string', default: 'embedded' },
  callers: { type: 'string', default: 'function-key' },
  'oidc-port': { type: 'string', default: '0' },
  issuer: { type: 'string' },
  audience: { type: 'string' },
  'info-file': { type: 'string' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const options = readCommandLine(usage, () => {
  rejectOptionsOfNpm();
  const { values, positionals } = parseArgs({ options: config, allowPositionals: true });
  if (positionals.some((argument) => argument !== 'help')) {
    throw new RangeError(`Unexpected argument '${positionals.join(' ')}'`);
  }
  const { issuer, audience } = values;
  const callers = readChoice('--callers', values.callers, ['function-key', 'oidc']);
  if ((issuer === undefined) !== (audience === undefined)) {
    throw new RangeError('--issuer and --audience need each other');
  }
  if (issuer !== undefined && callers !== 'oidc') throw new RangeError('--issuer needs --callers oidc');
  return {
    ...values,
    help: values.help || positionals.length > 0,
    callers,
    host: readChoice('--host', values.host, ['embedded', 'func']),
    port: readPort(values.port),
    oidcPort: readPort(values['oidc-port'], '--oidc-port'),
    issuer: issuer === undefined || audience === undefined ? undefined : { url: issuer, audience },
  };
});

await runCommand(async () => {
  const signal = stopSignal();
  const stopped = once(signal, 'abort').then(() => 'stopped');
  const local = await readLocalSettings(resolve('.'));
  let defaultScopes: readonly string[] = [];
  const serviceOptions: LocalServiceOptions<LocalVault> = {
    app: resolve('.'),
    port: options.port,
    enableAuth: options['enable-auth'],
    host: options.host,
    callers: options.callers,
    issuer: options.issuer,
    oidcPort: options.oidcPort,
    compactLog: !options.verbose,
    onEnvironment: (environment) => {
      defaultScopes = checkSettings({ ...local.values, ...environment });
      const advice = settingsAdvice({
        environment: process.env,
        file: local.values,
        overridden: ownVariables(environment),
        oidc: options.callers === 'oidc',
      });
      for (const line of advice) console.log(line);
    },
    onLog: (line) => {
      console.log(line);
    },
    onProgress: (step) => {
      console.log(`${step} …`);
    },
    signal,
  };
  const connectionString = process.env['ACS_CONNECTION_STRING'];
  if (connectionString) checkConnectionString(connectionString);
  const starting = connectionString
    ? startLocalServiceWith(connectionString, serviceOptions)
    : startLocalService(serviceOptions);
  const service = await starting.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (service === undefined) return;
  const infoFile = options['info-file'];
  try {
    if (infoFile !== undefined) await writeInfoFile(infoFile, service);
    if (service.listing !== undefined) console.log(startupListing(service.listing, options['enable-auth']));
    console.log(
      welcome(service, {
        functionKey: options['enable-auth'] ? (service.listing?.functionKey ?? '<key>') : undefined,
        scopes: defaultScopes,
        issuer: options.issuer?.url,
        windows: process.platform === 'win32',
      }),
    );
    const end = await Promise.race([stopped, service.exited.then(() => 'exited')]);
    if (end === 'exited')
      throw new CommandError('The Functions host exited unexpectedly. See its log above.');
  } finally {
    console.log('Stopping …');
    await service.stop();
    if (infoFile !== undefined) await rm(infoFile, { force: true });
  }
});

/** Without the `--`, npm takes the options for its own and passes on none of them. */
function rejectOptionsOfNpm(): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const taken = Object.keys(config).filter(
    (option) => process.env[`npm_config_${option.replace('-', '_')}`] !== undefined,
  );
  if (taken.length === 0) return;
  const names = taken.map((option) => `--${option}`).join(' ');
  throw new RangeError(
    `npm took ${names} for an option of its own. Put -- before it: npm start -- ${names} …`,
  );
}

/** The settings that npm start chooses, because the emulators need them. */
function ownVariables(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => process.env[name] !== value),
  );
}

/** Returns the default scopes. Wrong settings stop the start: the service would answer every request with 500. */
function checkSettings(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    return readSettings(environment).tokenPolicy.defaultScopes;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new CommandError(`The settings are wrong: ${error.operatorHint ?? ''}.`);
  }
}

function checkConnectionString(connectionString: string): void {
  try {
    parseConnectionString(connectionString, 'ACS_CONNECTION_STRING');
  } catch (error) {
    throw new CommandError(error instanceof ServiceError ? (error.operatorHint ?? '') : '');
  }
}

function readChoice<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new RangeError(`${option} must be ${choices.join(' or ')}, not '${text}'`);
}
