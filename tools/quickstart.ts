import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { converse, type Credentials } from './quickstart/conversation.ts';
import { startLocalService } from '../local/localService.ts';
import { isLoopback } from '../shared/azure/loopback.ts';

const usage = `The conversation of Microsoft's user access tokens quickstart, over HTTP against this service.

npm run quickstart -- [--url URL] [--key KEY | --bearer TOKEN] [--hide-tokens]

  --url URL       a running service, e.g. https://<app>.azurewebsites.net; without it one is started here
  --key KEY       a function key of it; better in the environment, as TOKEN_SERVICE_KEY
  --bearer TOKEN  where callers sign in: an administrator's token; better in the environment,
                  as TOKEN_SERVICE_BEARER
  --hide-tokens   leave the tokens out of the output, for logs that others read
  --help          this text
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
  if (url !== undefined) return converse({ api: url, credentials, showTokens });
  const service = await startLocalService({ app: '.', port: 0 });
  try {
    await converse({ api: new URL(`${service.url}/api/`), credentials: {}, showTokens });
  } finally {
    await service.stop();
  }
});

/** A secret without the line end that a shell may leave on it; one that no header can hold is refused unquoted. */
function secret(name: string, text = ''): string | undefined {
  const trimmed = text.trim();
  if (!/^[\x21-\x7e]*$/.test(trimmed)) throw new CommandError(`the ${name} has characters that none has`, 2);
  return trimmed === '' ? undefined : trimmed;
}

/** The API below an app's URL, with or without its `api` prefix. */
function apiUrl(text: string): URL {
  const given = URL.parse(text);
  if (given === null) throw new CommandError(`--url must be a URL, not '${text}'`, 2);
  if (given.protocol !== 'https:' && !(given.protocol === 'http:' && isLoopback(given))) {
    throw new CommandError('--url must be https: keys and tokens are not sent in the clear', 2);
  }
  const path = given.pathname.replace(/\/+$/, '');
  return new URL(`${path === '' ? '/api' : path}/`, given.origin);
}
