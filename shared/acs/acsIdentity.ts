import type { CommunicationAccessToken, CommunicationIdentityClient } from '@azure/communication-identity';
import type { AccessToken, TokenOptions } from './accessToken.ts';
import type { IdentityClients } from './identityClients.ts';
import { acsFault, isRefusedCredentials, isUnknownUser, noAnswer } from './acsErrors.ts';
import { within } from '../azure/deadline.ts';
import { Fault } from '../errors.ts';

/**
 * The Communication Services identity operations, each within the deadline of its signal. They throw faults:
 * `user_not_found`, `too_many_requests`, `upstream_rejected`, `upstream_unavailable`, `upstream_timeout`, and
 * what reading the connection string throws.
 */
export class AcsIdentity {
  readonly #clients: IdentityClients;

  constructor(clients: IdentityClients) {
    this.#clients = clients;
  }

  async createUser(abortSignal: AbortSignal): Promise<string> {
    const user = await this.#call(abortSignal, (client) => client.createUser({ abortSignal }));
    return requireText(user.communicationUserId);
  }

  /** One request creates both. */
  async createUserAndToken(
    { scopes, expiresInMinutes }: TokenOptions,
    abortSignal: AbortSignal,
  ): Promise<AccessToken & { userId: string }> {
    const created = await this.#call(abortSignal, (client) =>
      client.createUserAndToken([...scopes], { tokenExpiresInMinutes: expiresInMinutes, abortSignal }),
    );
    return { ...requireToken(created), userId: requireText(created.user.communicationUserId) };
  }

  async issueToken(
    userId: string,
    { scopes, expiresInMinutes }: TokenOptions,
    abortSignal: AbortSignal,
  ): Promise<AccessToken> {
    const user = { communicationUserId: userId };
    const issued = await this.#call(abortSignal, (client) =>
      client.getToken(user, [...scopes], { tokenExpiresInMinutes: expiresInMinutes, abortSignal }),
    );
    return requireToken(issued);
  }

  async revokeTokens(userId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#call(abortSignal, (client) =>
      client.revokeTokens({ communicationUserId: userId }, { abortSignal }),
    );
  }

  /** A user that is gone already is deleted; one of another resource is `user_not_found`. */
  async deleteUser(userId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#call(abortSignal, (client) =>
      client.deleteUser({ communicationUserId: userId }, { abortSignal }).catch((error: unknown) => {
        if (!isUnknownUser(error)) throw error;
      }),
    );
  }

  /** Credentials that ACS refuses are read afresh once, and the request made once more. */
  async #call<T>(
    signal: AbortSignal,
    operation: (client: CommunicationIdentityClient) => Promise<T>,
  ): Promise<T> {
    const client = await this.#clients.get(signal);
    try {
      // Getting a token of the managed identity does not heed the signal.
      return await within(signal, operation(client));
    } catch (error) {
      if (!isRefusedCredentials(error)) throw acsFault(error, signal);
      const other = await this.#clients.getInsteadOf(client, signal);
      if (other === undefined) throw rejected(error);
      return await within(signal, operation(other)).catch((again: unknown) => {
        throw isRefusedCredentials(again) ? rejected(again) : acsFault(again, signal);
      });
    }
  }
}

function requireToken({ token, expiresOn }: CommunicationAccessToken): AccessToken {
  if (!(expiresOn instanceof Date) || Number.isNaN(expiresOn.getTime())) throw noAnswer();
  return { token: requireText(token), expiresOn };
}

/** The SDK passes on whatever a response holds, also nothing. */
function requireText(text: unknown): string {
  if (typeof text !== 'string' || text === '') throw noAnswer();
  return text;
}

function rejected(cause: unknown): Fault {
  return new Fault('upstream_rejected', 'Communication Services refuses the credentials of this service.', {
    note: 'ACS refuses the access key that the vault holds, or the role of the managed identity.',
    cause,
  });
}
