import {
  CommunicationIdentityClient,
  type CommunicationIdentityClientOptions,
} from '@azure/communication-identity';
import type { AcsEmulator } from '../../../local/acs/acsEmulator.ts';

/** Creates a real SDK client for the emulator, by default without retries. */
export function connect(
  acs: AcsEmulator,
  options: CommunicationIdentityClientOptions = {},
): CommunicationIdentityClient {
  return new CommunicationIdentityClient(acs.connectionString(), {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
    ...options,
  });
}
