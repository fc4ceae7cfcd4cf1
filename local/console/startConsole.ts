import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { randomUUID } from 'node:crypto';
import { readSettings } from '../../shared/config.ts';
import type { RequestObserver } from '../functionsHost/requestHandler.ts';
import { type Reply, sendReply } from '../functionsHost/reply.ts';
import { consoleFiles } from './consoleFiles.ts';
import type { ConsoleSettings } from './consoleSettings.ts';
import { foreignToConsole } from './foreignToConsole.ts';
import { RequestList } from './requestList.ts';

/** What the console shows and changes. */
export interface ConsoleOptions {
  /** The control interface of the emulators. */
  controlUrl: string;
  /** The local identity provider; undefined without one. */
  sampleUsersUrl?: string | undefined;
}

/** A console for the requests of one host. */
export interface LocalConsole {
  observer: RequestObserver;
  /** Serves `/` and `/console/`, and leaves every other path to the handler. */
  before(handler: RequestListener): RequestListener;
}

/** The commands of the control interface that the page runs. */
const COMMANDS = ['armFault', 'clearFaults', 'setTokenLifetime', 'checkToken'];

/** Starts the local console: a page that shows users, tokens, requests and faults of a service on this machine. */
export function startConsole(
  app: string,
  checksKeys: boolean,
  { controlUrl, sampleUsersUrl }: ConsoleOptions,
): LocalConsole {
  const requests = new RequestList();
  const files = consoleFiles(app);
  /** Tells a page that the service has restarted. */
  const run = randomUUID();

  async function reply(request: IncomingMessage, url: URL): Promise<Reply> {
    const foreign = foreignToConsole(request.headers);
    if (foreign !== undefined) return json({ error: foreign }, 403);
    const [name = '', ...rest] = url.pathname.replace(/^\/(?:console\/)?/, '').split('/');
    const path = rest.join('/');
    switch (`${request.method ?? ''} ${name}`) {
      case 'GET settings':
        return json(settings());
      case 'GET requests':
        return json({ run, ...requests.after(Number(url.searchParams.get('after'))) });
      case 'GET control':
        return relay(`${controlUrl}/${path}`);
      case 'POST control':
        if (!COMMANDS.includes(rest[1] ?? '')) return notFound();
        return relay(`${controlUrl}/${path}`, {
          method: 'POST',
          headers: { 'Content-Type': request.headers['content-type'] ?? '' },
          body: await text(request),
        });
      case 'POST sign-in':
        return sampleUsersUrl === undefined ? notFound() : relay(`${sampleUsersUrl}/sample-token/${path}`);
      default:
        return request.method === 'GET' ? ((await files(name)) ?? notFound()) : notFound();
    }
  }

  function settings(): ConsoleSettings {
    const { callers, tokenPolicy } = readSettings(process.env);
    return {
      run,
      scopes: tokenPolicy.allowedScopes,
      checksKeys,
      issuer: callers.auth === 'oidc' ? callers.issuer : undefined,
      hasSampleUsers: sampleUsersUrl !== undefined,
    };
  }

  return {
    observer: requests,
    before: (handler) => (request, response) => {
      const url = URL.parse(`http://localhost${request.url ?? '/'}`);
      if (url === null || !/^\/(?:console\/|$)/.test(url.pathname)) {
        handler(request, response);
        return;
      }
      void reply(request, url)
        .catch((error: unknown) => {
          console.error(error);
          return json({ error: 'The console failed. See the output of npm start.' }, 500);
        })
        .then(({ headers, ...rest }) => {
          sendReply(response, { ...rest, headers: { ...COMMON_HEADERS, ...headers } });
        });
    },
  };
}

const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** Passes a request on to an emulator: pages cannot call it themselves, because it sends no CORS headers. */
async function relay(url: string, init?: RequestInit): Promise<Reply> {
  const response = await fetch(url, init).catch(() => undefined);
  if (response === undefined) return json({ error: 'The emulators cannot be reached.' }, 502);
  return {
    status: response.status,
    headers: { 'content-type': response.headers.get('content-type') ?? 'text/plain' },
    body: await response.text(),
  };
}

function notFound(): Reply {
  return json({ error: 'The console has no such page.' }, 404);
}

function json(body: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
