import { parseArgs } from 'node:util';
import { CommandError, readCommandLine, runCommand } from './commandLine.ts';
import { converse } from './quickstartConversation.ts';
import { startLocalService } from './service.ts';
import { isLoopback } from '../shared/loopback.ts';

const usage = `The conversation of Microsoft's user access tokens quickstart, over HTTP against this service.

npm run quickstart -- [--url URL] [--key KEY]

  --url URL  a running service, e.g. https://<app>.azurewebsites.net; without it one is started here
  --key KEY  a function key of it
  --help     this text
`;

const { url, key } = readCommandLine(usage, () => {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, key: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  return {
    help: values.help,
    url: values.url === undefined ? undefined : apiUrl(values.url),
    key: values.key,
  };
});

await runCommand(async () => {
  if (url !== undefined) return converse(url, key);
  const service = await startLocalService({ app: '.', port: 0 });
  try {
    await converse(new URL(`${service.url}/api/`), undefined);
  } finally {
    await service.stop();
  }
});

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
