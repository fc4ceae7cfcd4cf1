import { randomBytes } from 'node:crypto';
import type { EmulatorResponse, EmulatorRequest, Protocol } from '../emulator/serve.ts';
import { apiVersions, supportedVersions } from './apiVersions.ts';
import { authenticateRequest } from './authenticateRequest.ts';
import type { CommunicationResource } from './communicationResource.ts';
import {
  apiVersionUnspecified,
  invalidField,
  notFound,
  IdentityServiceError,
  unsupportedApiVersion,
} from './identityServiceError.ts';
import { gaRoutes } from './gaRoutes.ts';
import { previewRoutes } from './previewRoutes.ts';
import type { Route } from './route.ts';

const routes: Route[] = [...gaRoutes, ...previewRoutes];

/** The HTTP interface of the identity service. */
export function acsProtocol(resource: CommunicationResource): Protocol {
  return {
    operations: [...new Set(routes.map(({ operation }) => operation))],
    route(request) {
      const [rawPath = '', query] = request.target.split('?', 2);
      const path = decode(rawPath);
      const json = parseJson(request.body);
      const candidates = routes.filter(
        (route) =>
          route.method === request.method && route.path.test(path) && (route.when?.(json?.value) ?? true),
      );
      const versionName =
        new URLSearchParams(query).get('api-version') ??
        candidates.find(({ defaultVersion }) => defaultVersion !== undefined)?.defaultVersion;
      const version = apiVersions.get(versionName ?? '');
      const route = version && candidates.find((candidate) => candidate.servedIn(version));
      const name = (route ?? candidates[0])?.operation ?? 'unknown';

      async function handle(): Promise<EmulatorResponse> {
        const accessKey = await authenticateRequest(resource, request);
        if (candidates.length === 0) throw notFound();
        if (versionName === undefined) throw apiVersionUnspecified();
        if (version === undefined || route === undefined)
          throw unsupportedApiVersion(uri(request, rawPath), versionName);
        resource.serviceLimits.count(name);
        if (json === undefined) throw invalidField('Body', 'The request body is not valid JSON.');
        const id = route.path.exec(path)?.groups?.['id'] ?? '';
        return route.handle(resource, { id, body: json.value, version, accessKey });
      }

      return {
        name,
        async run() {
          const result = await handle().catch(identityServiceError);
          const failed = result instanceof IdentityServiceError;
          const response = failed ? result.toResponse() : result;
          const listsVersions = !failed || (result.details.listsVersions ?? true);
          const versions = listsVersions
            ? { 'api-supported-versions': supportedVersions(path).join(', ') }
            : {};
          return { ...response, headers: { ...commonHeaders(request), ...versions, ...response.headers } };
        },
      };
    },
    error: (status, code, message) => new IdentityServiceError(status, code, message).toResponse(),
  };
}

function identityServiceError(error: unknown): IdentityServiceError {
  if (error instanceof IdentityServiceError) return error;
  throw error;
}

function commonHeaders({ headers }: EmulatorRequest): Record<string, string> {
  const clientRequestId = headers['x-ms-client-request-id'];
  return {
    'Request-Context': 'appId=',
    'MS-CV': `${randomBytes(16).toString('base64').slice(0, 22)}.0`,
    'Strict-Transport-Security': 'max-age=2592000',
    ...(typeof clientRequestId === 'string' ? { 'x-ms-client-request-id': clientRequestId } : {}),
  };
}

function uri({ secure, headers }: EmulatorRequest, path: string): string {
  return `${secure ? 'https' : 'http'}://${headers.host ?? ''}${path}`;
}

/** Both SDKs encode the colons of an id as `%3A`; other clients may not. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Returns undefined when the body is not JSON. The value of an empty body is undefined. */
function parseJson(body: Buffer): { value: unknown } | undefined {
  if (body.length === 0) return { value: undefined };
  try {
    return { value: JSON.parse(body.toString()) as unknown };
  } catch {
    return undefined;
  }
}
