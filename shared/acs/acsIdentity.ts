import { abortable } from '../azure/deadline.ts';
import { type ErrorMapping, toServiceError } from '../azure/sdkErrors.ts';
import type { AccessToken, TokenOptions } from './accessToken.ts';
import { acsErrors, isRejectedCredentials, isUnknownUser, rejectedCredentials } from './acsErrors.ts';
import type { IdentityClient, IdentityClients } from './identityClients.ts';
import { teamsTokenErrors } from './teamsTokenErrors.ts';

/** A user of Microsoft Teams, and the Entra application that it signed in to. */
export interface TeamsUser {
  /** The user's Entra token for this application. */
  teamsUserToken: string;
  clientId: string;
  /** Who the token must belong to. */
  objectId: string;
}

/**
 * The Communication Services identity operations, each within the deadline of its signal. They throw
 * `user_not_found`, `too_many_requests`, `upstream_rejected`, `upstream_unavailable`, `upstream_timeout`, and
 * what reading the connection string throws.
 */
export class AcsIdentity {
  readonly #clients: IdentityClients;

  constructor(clients: IdentityClients) {
    this.#clients = clients;
  }

  async createUser(abortSignal: AbortSignal): Promise<string> {
    const user = await this.#call(abortSignal, ({ sdk }) => sdk.createUser({ abortSignal }));
    return user.communicationUserId;
  }

  /** Creates a user and its first token with one request. */
  async createUserAndToken(
    { scopes, expiresInMinutes }: TokenOptions,
    abortSignal: AbortSignal,
  ): Promise<AccessToken & { userId: string }> {
    return this.#call(abortSignal, async ({ sdk, endpoint }) => {
      const options = { tokenExpiresInMinutes: expiresInMinutes, abortSignal };
      const { token, expiresOn, user } = await sdk.createUserAndToken([...scopes], options);
      return { token, expiresOn, endpoint, userId: user.communicationUserId };
    });
  }

  async issueToken(
    userId: string,
    { scopes, expiresInMinutes }: TokenOptions,
    abortSignal: AbortSignal,
  ): Promise<AccessToken> {
    const user = { communicationUserId: userId };
    return this.#call(abortSignal, async ({ sdk, endpoint }) => {
      const options = { tokenExpiresInMinutes: expiresInMinutes, abortSignal };
      const { token, expiresOn } = await sdk.getToken(user, [...scopes], options);
      return { token, expiresOn, endpoint };
    });
  }

  async revokeTokens(userId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#call(abortSignal, ({ sdk }) =>
      sdk.revokeTokens({ communicationUserId: userId }, { abortSignal }),
    );
  }

  /** Succeeds when the user does not exist; one of another resource is `user_not_found`. */
  async deleteUser(userId: string, abortSignal: AbortSignal): Promise<void> {
    await this.#call(abortSignal, ({ sdk }) =>
      sdk.deleteUser({ communicationUserId: userId }, { abortSignal }).catch((error: unknown) => {
        if (!isUnknownUser(error)) throw error;
      }),
    );
  }

  /** Exchanges a Teams user's Entra token. Throws `invalid_request` when ACS refuses the token. */
  async exchangeTeamsToken(
    { teamsUserToken, clientId, objectId }: TeamsUser,
    abortSignal: AbortSignal,
  ): Promise<AccessToken> {
    return this.#call(
      abortSignal,
      async ({ sdk, endpoint }) => {
        const { token, expiresOn } = await sdk.getTokenForTeamsUser({
          teamsUserAadToken: teamsUserToken,
          clientId,
          userObjectId: objectId,
          abortSignal,
        });
        return { token, expiresOn, endpoint };
      },
      teamsTokenErrors(teamsUserToken),
    );
  }

  /** Runs an operation. When ACS rejects the credentials, refreshes them and tries once more. */
  async #call<T>(
    signal: AbortSignal,
    operation: (client: IdentityClient) => Promise<T>,
    errors: ErrorMapping = acsErrors,
  ): Promise<T> {
    const client = await this.#clients.get(signal);
    try {
      // @azure/identity ignores the signal while it gets a token of the managed identity.
      return await abortable(signal, operation(client));
    } catch (error) {
      if (!isRejectedCredentials(error)) throw toServiceError(error, errors, signal);
      const refreshed = await this.#clients.refreshAfterRejection(client, signal);
      if (refreshed === undefined) throw rejectedCredentials(error);
      return await abortable(signal, operation(refreshed)).catch((again: unknown) => {
        throw isRejectedCredentials(again)
          ? rejectedCredentials(again)
          : toServiceError(again, errors, signal);
      });
    }
  }
}
