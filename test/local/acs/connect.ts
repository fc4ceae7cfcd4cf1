import {
  CommunicationIdentityClient,
  type CommunicationIdentityClientOptions,
} from '@azure/communication-identity';
import type { AcsEmulator } from '../../../local/acs/acsEmulator.ts';

/** A real client of the emulator that does not retry unless told to. */
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
