import type { EmulatorRequest, EmulatorResponse, Protocol } from '../emulator/serve.ts';
import {
  badParameter,
  forbiddenByRbac,
  secretDisabled,
  secretNotFound,
  unauthorized,
  vaultError,
} from './vaultErrors.ts';
import { secretNameSchema, type Secrets } from './secrets.ts';

const API_VERSIONS = ['7.0', '7.1', '7.2', '7.3', '7.4', '7.5', '7.6', '2025-07-01', '2026-04-01'];

/** Who may read the vault. */
export interface Access {
  /** Whether the bearer token is valid for this vault. */
  accepts(bearer: string): boolean;
  /** Whether the caller lacks the role to read secrets. */
  denied: boolean;
}

/** Key Vault's Get Secret: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret */
export function vaultProtocol(secrets: Secrets, access: Access): Protocol {
  return {
    operations: ['challenge', 'getSecret'],
    error: vaultError,
    route(request) {
      const { authorization } = request.headers;
      if (authorization === undefined) {
        const message = 'AKV10000: Request is missing a Bearer or PoP token.';
        return { name: 'challenge', run: () => unauthorized(message) };
      }
      const url = new URL(`https://${request.headers.host ?? 'localhost'}${request.target}`);
      const [collection, name, version, ...rest] = url.pathname.split('/').filter(Boolean);
      if (request.method !== 'GET' || collection !== 'secrets' || name === undefined || rest.length > 0) {
        return { name: 'unknown', run: () => notImplemented(request) };
      }
      const bearer = authorization.replace(/^Bearer +/i, '');
      return {
        name: 'getSecret',
        run: () => checkAccess(url, access, bearer) ?? getSecret(secrets, url.origin, name, version),
      };
    },
  };
}

function checkAccess(url: URL, access: Access, bearer: string): EmulatorResponse | undefined {
  const apiVersion = url.searchParams.get('api-version');
  if (!access.accepts(bearer)) return unauthorized('Error validating token.');
  if (apiVersion === null) return badParameter('api-version must be specified');
  if (!API_VERSIONS.includes(apiVersion)) {
    const latest = API_VERSIONS.at(-1) ?? '';
    return badParameter(
      `The specified version (${apiVersion}) is not recognized. Consider using the latest supported version (${latest}).`,
    );
  }
  return access.denied ? forbiddenByRbac('getSecret') : undefined;
}

function getSecret(secrets: Secrets, vaultUrl: string, name: string, version?: string): EmulatorResponse {
  if (!secretNameSchema.safeParse(name).success) {
    return badParameter(`The request URI contains an invalid name: ${name}`);
  }
  const secret = secrets.get(name, version);
  if (secret === undefined) return secretNotFound(version === undefined ? name : `${name}/${version}`);
  if (!secret.attributes.enabled) return secretDisabled();
  return {
    status: 200,
    body: {
      value: secret.value,
      id: `${vaultUrl}/secrets/${secret.name}/${secret.version}`,
      attributes: { ...secret.attributes, recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 },
      tags: {},
    },
  };
}

/** Not a Key Vault error: it shows where the emulator ends. */
function notImplemented({ method, target }: EmulatorRequest): EmulatorResponse {
  return vaultError(501, 'NotImplemented', `The vault emulator does not support ${method} ${target}.`);
}
