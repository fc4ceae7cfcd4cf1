import type { Answer } from '../emulator/serve.ts';
import type { CommunicationResource } from './communicationResource.ts';

/** The one operation whose shape never changed. */
export function deleteIdentity(resource: CommunicationResource, { id }: { id: string }): Answer {
  resource.identities.demand(id);
  resource.identities.delete(id);
  resource.accessTokens.forget(id);
  return { status: 204 };
}
