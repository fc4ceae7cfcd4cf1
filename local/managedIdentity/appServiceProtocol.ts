import { randomUUID } from 'node:crypto';
import type { Answer, Exchange, Protocol } from '../emulator/serve.ts';
import type { AccessTokens } from './identityTokens.ts';

const API_VERSION = '2019-08-01';
const LIFETIME_SECONDS = 24 * 60 * 60;

/** What App Service knows of the app's identities. */
export interface ManagedIdentity {
  /** Client ids. */
  readonly systemAssigned: string;
  readonly userAssigned: string;
  /** What the app must send as X-IDENTITY-HEADER. */
  readonly header: string;
  refused: boolean;
}

/** https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
export function appServiceProtocol(
  identity: ManagedIdentity,
  tokens: AccessTokens,
  clock: () => number,
): Protocol {
  function getToken({ method, target, headers }: Exchange): Answer {
    const url = new URL(target, 'http://localhost');
    const apiVersion = url.searchParams.get('api-version') ?? '';
    const resource = url.searchParams.get('resource');
    const clientId = url.searchParams.get('client_id') ?? identity.systemAssigned;

    if (url.pathname !== '/msi/token') return refusal(404, 'Not found.');
    if (method !== 'GET') return refusal(405, 'Only GET is supported.');
    if (headers['x-identity-header'] !== identity.header) return refusal(401, 'Invalid secret token header.');
    if (apiVersion !== API_VERSION) return unsupportedApiVersion(target, apiVersion);
    if (!resource) return refusal(400, 'The resource parameter is required.');
    if (identity.refused || ![identity.systemAssigned, identity.userAssigned].includes(clientId)) {
      // https://github.com/Azure/azure-sdk-for-net/issues/43691
      return refusal(400, 'Unable to load the proper Managed Identity.');
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
    route: (exchange) => ({ name: 'getToken', answer: () => getToken(exchange) }),
    error: (status, _code, message) => refusal(status, message),
  };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { statusCode: status, message, correlationId: randomUUID() } };
}

/** The one error of another shape: https://github.com/MicrosoftDocs/azure-docs/issues/53726 */
function unsupportedApiVersion(target: string, apiVersion: string): Answer {
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
