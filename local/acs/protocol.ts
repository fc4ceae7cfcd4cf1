import { randomBytes } from 'node:crypto';
import type { Answer, Exchange, Protocol } from '../emulator/serve.ts';
import { apiVersions } from './apiVersions.ts';
import { authenticate } from './authenticate.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { apiVersionUnspecified, invalid, notFound, ServiceError, unsupportedApiVersion } from './errors.ts';
import { gaRoutes } from './gaRoutes.ts';
import { previewRoutes } from './previewRoutes.ts';
import type { Route } from './route.ts';

const routes: Route[] = [...gaRoutes, ...previewRoutes];

/** The identity service's HTTP interface to a resource. */
export function acsProtocol(resource: CommunicationResource): Protocol {
  return {
    route(exchange) {
      const [rawPath = '', query] = exchange.target.split('?', 2);
      const path = decode(rawPath);
      const json = parseJson(exchange.body);
      const candidates = routes.filter(
        (route) =>
          route.method === exchange.method && route.path.test(path) && (route.when?.(json?.value) ?? true),
      );
      const versionName = new URLSearchParams(query).get('api-version');
      const version = apiVersions.get(versionName ?? '');
      const route = version && candidates.find((candidate) => candidate.servedIn(version));
      const name = (route ?? candidates[0])?.operation ?? 'unknown';

      async function work(): Promise<Answer> {
        const accessKey = await authenticate(resource, exchange);
        if (candidates.length === 0) throw notFound();
        if (versionName === null) throw apiVersionUnspecified();
        if (version === undefined || route === undefined)
          throw unsupportedApiVersion(uri(exchange), versionName);
        resource.serviceLimits.count(name);
        if (json === undefined) throw invalid('Body', 'The request body is not valid JSON.');
        const id = route.path.exec(path)?.groups?.['id'] ?? '';
        return route.answer(resource, { id, body: json.value, version, accessKey });
      }

      return {
        name,
        async answer() {
          const answer = await work().catch(refusal);
          return { ...answer, headers: { ...usualHeaders(exchange), ...answer.headers } };
        },
      };
    },
    error: (status, code, message) => new ServiceError(status, code, message).toAnswer(),
  };
}

function refusal(error: unknown): Answer {
  if (error instanceof ServiceError) return error.toAnswer();
  throw error;
}

function usualHeaders({ headers }: Exchange): Record<string, string> {
  const clientRequestId = headers['x-ms-client-request-id'];
  return {
    'Request-Context': 'appId=',
    'MS-CV': `${randomBytes(16).toString('base64').slice(0, 22)}.0`,
    'Strict-Transport-Security': 'max-age=2592000',
    'api-supported-versions': [...apiVersions.keys()].join(', '),
    ...(typeof clientRequestId === 'string' ? { 'x-ms-client-request-id': clientRequestId } : {}),
  };
}

function uri({ secure, headers, target }: Exchange): string {
  return `${secure ? 'https' : 'http'}://${headers.host ?? ''}${target}`;
}

/** Both SDKs send the colons of an id as `%3A`; others may not. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Nothing when the body is not JSON; an empty one is no value. */
function parseJson(body: Buffer): { value: unknown } | undefined {
  if (body.length === 0) return { value: undefined };
  try {
    return { value: JSON.parse(body.toString()) as unknown };
  } catch {
    return undefined;
  }
}
