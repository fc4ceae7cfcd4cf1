import type { EmulatorResponse } from '../emulator/serve.ts';
import type { CommunicationResource } from './communicationResource.ts';

/** Deletes an identity and its tokens. Every API version shares this operation. */
export function deleteIdentity(resource: CommunicationResource, { id }: { id: string }): EmulatorResponse {
  resource.identities.require(id);
  resource.identities.delete(id);
  resource.accessTokens.deleteHolder(id);
  return { status: 204 };
}
