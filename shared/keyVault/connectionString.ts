import { misconfigured, type ServiceError } from '../errors.ts';
import { isLoopback } from '../azure/loopback.ts';

/** A checked ACS connection string. */
export interface ConnectionString {
  /** Origin with a trailing slash; https, or http on loopback. */
  endpoint: string;
  /** Base64, as the SDK takes it. */
  accessKey: string;
}

/**
 * Parses `endpoint=https://…/;accesskey=…` in place of the SDK, whose own error quotes the whole string. Throws
 * `misconfigured`, with a hint that says where the value is from and holds no part of it.
 */
export function parseConnectionString(
  text: string,
  source = 'The secret named by ACS_CONNECTION_STRING_SECRET',
): ConnectionString {
  const malformed = (reason: string) =>
    misconfigured(`${source} is not an ACS connection string: ${reason}.`);
  const fields = new Map<string, string>();
  for (const field of text.split(';')) {
    const [name = '', ...value] = field.split('=');
    if (field.trim() === '') continue;
    if (fields.has(name.trim().toLowerCase())) throw malformed('it has a field twice');
    fields.set(name.trim().toLowerCase(), value.join('=').trim());
  }
  const endpoint = fields.get('endpoint') ?? '';
  const accessKey = fields.get('accesskey') ?? '';
  if (fields.size !== 2 || endpoint === '' || accessKey === '') {
    throw malformed('it must be endpoint=https://<name>.communication.azure.com/;accesskey=<key>');
  }
  return { endpoint: checkEndpoint(endpoint, malformed), accessKey: checkAccessKey(accessKey, malformed) };
}

type Malformed = (reason: string) => ServiceError;

function checkEndpoint(endpoint: string, malformed: Malformed): string {
  const url = URL.parse(endpoint);
  if (url === null) throw malformed('its endpoint is not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw malformed('its endpoint must be https');
  }
  if (
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw malformed('its endpoint must be an origin without a path');
  }
  return `${url.origin}/`;
}

function checkAccessKey(accessKey: string, malformed: Malformed): string {
  if (!/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(accessKey)) {
    throw malformed('its accesskey is not base64');
  }
  return accessKey;
}
