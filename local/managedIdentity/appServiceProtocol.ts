import { randomUUID } from 'node:crypto';
import type { EmulatorResponse, EmulatorRequest, Protocol } from '../emulator/serve.ts';
import type { EntraTokens } from './entraTokens.ts';

const API_VERSION = '2019-08-01';
const LIFETIME_SECONDS = 24 * 60 * 60;

/** The identities of the app. */
export interface ManagedIdentity {
  readonly systemAssigned: { clientId: string };
  readonly userAssigned: { clientId: string; principalId: string; resourceId: string };
  /** The expected value of X-IDENTITY-HEADER. */
  readonly header: string;
  refused: boolean;
}

/** App Service's token endpoint: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
export function appServiceProtocol(
  identity: ManagedIdentity,
  tokens: EntraTokens,
  clock: () => number,
): Protocol {
  function getToken({ method, target, headers }: EmulatorRequest): EmulatorResponse {
    const url = new URL(target, 'http://localhost');
    const apiVersion = url.searchParams.get('api-version') ?? '';
    const resource = url.searchParams.get('resource');
    const clientId = selectedClientId(identity, url.searchParams);

    if (url.pathname !== '/msi/token') return errorResponse(404, 'Not found.');
    if (method !== 'GET') return errorResponse(405, 'Only GET is supported.');
    if (headers['x-identity-header'] !== identity.header)
      return errorResponse(401, 'Invalid secret token header.');
    if (apiVersion !== API_VERSION) return unsupportedApiVersion(target, apiVersion);
    if (!resource) return errorResponse(400, 'The resource parameter is required.');
    if (identity.refused || clientId === undefined) {
      // https://github.com/Azure/azure-sdk-for-net/issues/43691
      return errorResponse(400, 'Unable to load the proper Managed Identity.');
    }
    const exp = Math.floor(clock() / 1000) + LIFETIME_SECONDS;
    return {
      status: 200,
      body: {
        access_token: tokens.issue({ aud: resource, appid: clientId, exp }),
        expires_on: String(exp),
        resource,
        token_type: 'Bearer',
        client_id: clientId,
      },
    };
  }

  return {
    operations: ['getToken'],
    route: (request) => ({ name: 'getToken', run: () => getToken(request) }),
    error: (status, _code, message) => errorResponse(status, message),
  };
}

/** The client id of the identity that a request selects; undefined for an unknown one or for several parameters. */
function selectedClientId(
  { systemAssigned, userAssigned }: ManagedIdentity,
  query: URLSearchParams,
): string | undefined {
  const { clientId, principalId, resourceId } = userAssigned;
  const ids: Record<string, string[]> = {
    client_id: [systemAssigned.clientId, clientId],
    principal_id: [principalId],
    object_id: [principalId],
    mi_res_id: [resourceId],
  };
  const [selected, ...others] = [...query].filter(([name]) => Object.hasOwn(ids, name));
  if (selected === undefined) return systemAssigned.clientId;
  const [name, value] = selected;
  const id = ids[name]?.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (id === undefined || others.length > 0) return undefined;
  return id === systemAssigned.clientId ? id : clientId;
}

function errorResponse(status: number, message: string): EmulatorResponse {
  return { status, body: { statusCode: status, message, correlationId: randomUUID() } };
}

/** This error has its own format: https://github.com/MicrosoftDocs/azure-docs/issues/53726 */
function unsupportedApiVersion(target: string, apiVersion: string): EmulatorResponse {
  return {
    status: 400,
    body: {
      error: {
        code: 'UnsupportedApiVersion',
        message: `The HTTP resource that matches the request URI '${target}' does not support the API version '${apiVersion}'.`,
        innerError: null,
      },
    },
  };
}
