import type { Exchange } from '../emulator/serve.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { denied } from './errors.ts';
import { signingKey } from './signature.ts';

/** The access key a request is signed with, none when it carries a bearer token; throws the service's refusal. */
export async function authenticate(
  resource: CommunicationResource,
  exchange: Exchange,
): Promise<Buffer | undefined> {
  const bearer = /^Bearer (.+)$/i.exec(exchange.headers.authorization ?? '')?.[1];
  if (bearer === undefined) return signingKey(exchange, resource.accessKeys.current(), resource.now());
  if (!exchange.secure || !(await resource.acceptsBearer(bearer))) throw denied();
  return undefined;
}
