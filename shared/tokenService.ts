import type { AccessToken, AcsIdentity } from './acsIdentity.ts';
import type { CreatedUser, IssuedToken, Scope, TokenRequest } from './contract.ts';
import { invalidRequest } from './fault.ts';

export interface TokenDefaults {
  defaultScopes: readonly Scope[];
  defaultExpiryMinutes: number;
}

/** The four operations on communication users and their access tokens. */
export class TokenService {
  readonly #acs: AcsIdentity;
  readonly #defaults: TokenDefaults;

  constructor(acs: AcsIdentity, defaults: TokenDefaults) {
    this.#acs = acs;
    this.#defaults = defaults;
  }

  /** Creates a communication user, with its first token when scopes are asked for. */
  async createUser(request: TokenRequest, signal: AbortSignal): Promise<CreatedUser> {
    if (request.scopes === undefined) {
      return { user: { communicationUserId: await this.#acs.createUser(signal) } };
    }
    const { userId, ...token } = await this.#acs.createUserAndToken(this.#withDefaults(request), signal);
    return issued(userId, token);
  }

  async issueToken(target: string, request: TokenRequest, signal: AbortSignal): Promise<IssuedToken> {
    const userId = userOf(target);
    return issued(userId, await this.#acs.issueToken(userId, this.#withDefaults(request), signal));
  }

  /** Makes every token issued to the user so far invalid. */
  async revokeTokens(target: string, signal: AbortSignal): Promise<void> {
    await this.#acs.revokeTokens(userOf(target), signal);
  }

  /** Deletes the user; one that is gone already is deleted. */
  async deleteUser(target: string, signal: AbortSignal): Promise<void> {
    await this.#acs.deleteUser(userOf(target), signal);
  }

  #withDefaults({ scopes, expiresInMinutes }: TokenRequest) {
    return {
      scopes: scopes ?? this.#defaults.defaultScopes,
      expiresInMinutes: expiresInMinutes ?? this.#defaults.defaultExpiryMinutes,
    };
  }
}

/** A service has no user of its own: it has to say whose token it is about. */
function userOf(target: string): string {
  if (target === 'me')
    throw invalidRequest({
      path: 'userId',
      message: 'must be an id: only a signed-in user has a user of its own',
    });
  return target;
}

function issued(userId: string, { token, expiresOn }: AccessToken): IssuedToken {
  return { token, expiresOn: expiresOn.toISOString(), user: { communicationUserId: userId } };
}
