import type { EmulatorRequest } from '../emulator/serve.ts';
import type { CommunicationResource } from './communicationResource.ts';
import { denied } from './identityServiceError.ts';
import { signingKey } from './signature.ts';

/** Returns the access key that signed the request; undefined for a bearer token. Throws 401 for any other request. */
export async function authenticateRequest(
  resource: CommunicationResource,
  request: EmulatorRequest,
): Promise<Buffer | undefined> {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) return signingKey(request, resource.accessKeys.current(), resource.now());
  if (!request.secure || !(await resource.acceptsBearer(bearer))) throw denied();
  return undefined;
}
