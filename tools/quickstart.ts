import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { type Credentials, runQuickstart } from './quickstart/runQuickstart.ts';
import { startLocalService } from '../local/localService.ts';
import { stopSignal } from '../local/stopSignal.ts';
import { isLoopback } from '../shared/azure/loopback.ts';

const usage = `Runs the steps of Microsoft's user access tokens quickstart over HTTP against this service: creates a user,
issues two tokens, revokes them and deletes the user.

npm run quickstart -- [--url URL] [--key KEY | --bearer TOKEN] [--hide-tokens]

  --url URL       a running service, such as https://<app>.azurewebsites.net (default: start a local one)
  --key KEY       a function key of the service; or set TOKEN_SERVICE_KEY, which keeps it out of the
                  shell history
  --bearer TOKEN  with CALLER_AUTH=oidc, the bearer token of an administrator; or set TOKEN_SERVICE_BEARER
  --hide-tokens   do not print the tokens; for logs that others can read
  --help          show this help
`;

const { url, credentials, showTokens } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      bearer: { type: 'string' },
      'hide-tokens': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    url: values.url === undefined ? undefined : apiUrl(values.url),
    credentials: {
      key: secret('key', values.key ?? process.env['TOKEN_SERVICE_KEY']),
      bearer: secret('bearer token', values.bearer ?? process.env['TOKEN_SERVICE_BEARER']),
    } satisfies Credentials,
    showTokens: !values['hide-tokens'],
  };
});

await runCommand(async () => {
  if (url !== undefined) return runQuickstart({ api: url, credentials, showTokens });
  const signal = stopSignal();
  const stopped = once(signal, 'abort').then(() => {
    throw new CommandError('Stopped.', 130);
  });
  const service = await Promise.race([startLocalService({ app: '.', port: 0, signal }), stopped]);
  try {
    const api = new URL(`${service.url}/api/`);
    await Promise.race([runQuickstart({ api, credentials: {}, showTokens }), stopped]);
  } finally {
    await service.stop();
  }
});

/** Trims the line end that a shell may add. The error for an invalid secret does not contain it. */
function secret(name: string, text = ''): string | undefined {
  const trimmed = text.trim();
  if (!/^[\x21-\x7e]*$/.test(trimmed))
    throw new CommandError(`the ${name} contains characters that are not allowed in an HTTP header`, 2);
  return trimmed === '' ? undefined : trimmed;
}

/** The base URL of the API, from the app's URL with or without /api. */
function apiUrl(text: string): URL {
  const given = URL.parse(text);
  if (given === null) throw new CommandError(`--url must be a URL, not '${text}'`, 2);
  if (given.protocol !== 'https:' && !(given.protocol === 'http:' && isLoopback(given))) {
    throw new CommandError('--url must be https, so that keys and tokens are encrypted', 2);
  }
  const path = given.pathname.replace(/\/+$/, '');
  return new URL(`${path === '' ? '/api' : path}/`, given.origin);
}
