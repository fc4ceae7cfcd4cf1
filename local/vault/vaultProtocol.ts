import type { Answer, Exchange, Operation, Protocol } from '../emulator/serve.ts';
import { secretOperations } from './secretOperations.ts';
import { secretNameSchema, type Secrets } from './secrets.ts';
import { badParameter, forbiddenByRbac, unauthorized, vaultError } from './vaultError.ts';

const API_VERSIONS = ['7.0', '7.1', '7.2', '7.3', '7.4', '7.5', '7.6', '2025-07-01', '2026-04-01'];

export interface Access {
  /** Whether the bearer token is good for this vault. */
  accepts(bearer: string): boolean;
  /** Whether its holder lacks the role it needs. */
  denied: boolean;
}

/** An operation, and the permission it takes. */
interface Permitted extends Operation {
  permission: 'getSecret' | 'setSecret' | 'update' | 'readMetadata';
}

/** Key Vault's data plane, as far as secrets go: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups */
export function vaultProtocol(secrets: Secrets, access: Access): Protocol {
  return {
    error: vaultError,
    route(exchange): Operation {
      const { authorization, host = 'localhost' } = exchange.headers;
      if (authorization === undefined) {
        const message = 'AKV10000: Request is missing a Bearer or PoP token.';
        return { name: 'challenge', answer: () => unauthorized(message) };
      }
      const url = new URL(`https://${host}${exchange.target}`);
      const operation = find(exchange, url, secrets);
      if (operation === undefined) return { name: 'unknown', answer: () => unknown(exchange) };
      const bearer = authorization.replace(/^Bearer +/i, '');
      return {
        name: operation.name,
        answer: () => refusal(url, access, bearer, operation.permission) ?? operation.answer(),
      };
    },
  };
}

function find(
  { method, body }: Exchange,
  { origin, pathname }: URL,
  secrets: Secrets,
): Permitted | undefined {
  const [collection, name, version, ...rest] = pathname.split('/').filter(Boolean);
  if (collection !== 'secrets' || rest.length > 0) return undefined;
  const operations = secretOperations(secrets, origin);

  if (name === undefined) {
    return method === 'GET'
      ? { name: 'listSecrets', permission: 'readMetadata', answer: () => operations.listSecrets() }
      : undefined;
  }
  const permitted = (
    operation: string,
    permission: Permitted['permission'],
    answer: () => Answer,
  ): Permitted => ({
    name: operation,
    permission,
    answer: () =>
      secretNameSchema.safeParse(name).success
        ? answer()
        : badParameter(`The request URI contains an invalid name: ${name}`),
  });

  switch (method) {
    case 'GET':
      return version === 'versions'
        ? permitted('listVersions', 'readMetadata', () => operations.listVersions(name))
        : permitted('getSecret', 'getSecret', () => operations.getSecret(name, version));
    case 'PATCH':
      return permitted('updateSecret', 'update', () => operations.updateSecret(name, version, body));
    case 'PUT':
      return version === undefined
        ? permitted('setSecret', 'setSecret', () => operations.setSecret(name, body))
        : undefined;
    default:
      return undefined;
  }
}

function refusal(url: URL, access: Access, bearer: string, permission: string): Answer | undefined {
  const apiVersion = url.searchParams.get('api-version');
  if (!access.accepts(bearer)) return unauthorized('Error validating token.');
  if (apiVersion === null) return badParameter('api-version must be specified');
  if (!API_VERSIONS.includes(apiVersion)) {
    const latest = API_VERSIONS.at(-1) ?? '';
    return badParameter(
      `The specified version (${apiVersion}) is not recognized. Consider using the latest supported version (${latest}).`,
    );
  }
  return access.denied ? forbiddenByRbac(permission) : undefined;
}

/** Not Key Vault's answer: whoever needs more of it should see where the emulator ends. */
function unknown({ method, target }: Exchange): Answer {
  return vaultError(501, 'NotImplemented', `The vault emulator has no ${method} ${target}.`);
}
