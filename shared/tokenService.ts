import type { AccessToken, Scope, TokenOptions } from './acs/accessToken.ts';
import type { AcsIdentity } from './acs/acsIdentity.ts';
import { type Action, reachOf } from './authorization.ts';
import type { Caller, User } from './callers/caller.ts';
import type { CreatedUser, IssuedToken, TokenRequest } from './http/contract.ts';
import { Fault, invalidRequest } from './errors.ts';
import type { UserDirectory } from './users/userDirectory.ts';

export interface TokenDefaults {
  defaultScopes: readonly Scope[];
  defaultExpiryMinutes: number;
}

/**
 * The four operations on communication users and their access tokens. A service names the user by its id; a user
 * says `me`, or its own id, and is `forbidden` any other, whether it exists or not.
 */
export class TokenService {
  readonly #acs: AcsIdentity;
  readonly #openDirectory: (() => Promise<UserDirectory>) | undefined;
  readonly #defaults: TokenDefaults;

  constructor(
    acs: AcsIdentity,
    directory: (() => Promise<UserDirectory>) | undefined,
    defaults: TokenDefaults,
  ) {
    this.#acs = acs;
    this.#openDirectory = directory;
    this.#defaults = defaults;
  }

  /**
   * Creates a communication user, with its first token when scopes are asked for. A user gets its own, which
   * is new only the first time.
   */
  async createUser(
    caller: Caller,
    request: TokenRequest,
    signal: AbortSignal,
  ): Promise<{ isNew: boolean; answer: CreatedUser }> {
    if (request.scopes !== undefined) {
      const options = this.#withDefaults(request);
      if (!isAny(caller, 'createUser')) return this.#issueOwnToken(caller, options, signal);
      const { userId, ...token } = await this.#acs.createUserAndToken(options, signal);
      return { isNew: true, answer: issued(userId, token) };
    }
    const create = async () => ({ userId: await this.#acs.createUser(signal) });
    if (isAny(caller, 'createUser')) return { isNew: true, answer: userOf((await create()).userId) };
    const directory = await this.#directory();
    const { userId, created } = await directory.getOrCreate(caller.subject, create, signal);
    return { isNew: created !== undefined, answer: userOf(userId) };
  }

  async issueToken(
    caller: Caller,
    target: string,
    request: TokenRequest,
    signal: AbortSignal,
  ): Promise<IssuedToken> {
    const options = this.#withDefaults(request);
    if (isAny(caller, 'issueToken')) {
      const userId = requireId(target);
      return issued(userId, await this.#acs.issueToken(userId, options, signal));
    }
    if (target !== 'me') await this.#requireOwn(caller, target, signal);
    const { answer } = await this.#issueOwnToken(caller, options, signal);
    return answer;
  }

  /** Makes every token issued to the user so far invalid. */
  async revokeTokens(caller: Caller, target: string, signal: AbortSignal): Promise<void> {
    const userId = isAny(caller, 'revokeTokens')
      ? requireId(target)
      : await this.#ownId(caller, target, signal);
    if (userId !== undefined) await this.#acs.revokeTokens(userId, signal);
  }

  /** Deletes the user; one that is gone already is deleted. */
  async deleteUser(caller: Caller, target: string, signal: AbortSignal): Promise<void> {
    const userId = isAny(caller, 'deleteUser')
      ? requireId(target)
      : await this.#ownId(caller, target, signal);
    if (userId === undefined) return;
    // ACS first: a mapping that is left behind leads to an identity that is gone, which the next request mends.
    await this.#acs.deleteUser(userId, signal);
    const directory = await this.#openDirectory?.();
    const subject = await directory?.ownerOf(userId, signal);
    if (subject !== undefined) await directory?.remove(subject, userId, signal);
  }

  /** A token for the user's communication user, which is created on first use, and again, once, when it is gone. */
  async #issueOwnToken(
    user: User,
    options: TokenOptions,
    signal: AbortSignal,
    mayReplace = true,
  ): Promise<{ isNew: boolean; answer: IssuedToken }> {
    const directory = await this.#directory();
    const create = () => this.#acs.createUserAndToken(options, signal);
    const { userId, created } = await directory.getOrCreate(user.subject, create, signal);
    if (created !== undefined) return { isNew: true, answer: issued(userId, created) };
    try {
      return { isNew: false, answer: issued(userId, await this.#acs.issueToken(userId, options, signal)) };
    } catch (error) {
      if (!mayReplace || !(error instanceof Fault) || error.code !== 'user_not_found') throw error;
      await directory.remove(user.subject, userId, signal);
      return this.#issueOwnToken(user, options, signal, false);
    }
  }

  /** The user's own id, `undefined` when it has none yet. */
  async #ownId(caller: User, target: string, signal: AbortSignal): Promise<string | undefined> {
    if (target !== 'me') return this.#requireOwn(caller, target, signal);
    return (await this.#directory()).find(caller.subject, signal);
  }

  async #requireOwn({ subject }: User, target: string, signal: AbortSignal): Promise<string> {
    if ((await (await this.#directory()).find(subject, signal)) === target) return target;
    throw new Fault('forbidden', 'This is not your communication user.');
  }

  #directory(): Promise<UserDirectory> {
    if (this.#openDirectory === undefined) throw new Error('There are users but no directory.');
    return this.#openDirectory();
  }

  #withDefaults({ scopes, expiresInMinutes }: TokenRequest): TokenOptions {
    return {
      scopes: scopes ?? this.#defaults.defaultScopes,
      expiresInMinutes: expiresInMinutes ?? this.#defaults.defaultExpiryMinutes,
    };
  }
}

function isAny(caller: Caller, action: Action): caller is Exclude<Caller, User> {
  return reachOf(caller, action) === 'any';
}

/** A service has no user of its own. */
function requireId(target: string): string {
  if (target !== 'me') return target;
  throw invalidRequest({
    path: 'userId',
    message: 'must be an id: only a signed-in user has a user of its own',
  });
}

function userOf(userId: string): CreatedUser {
  return { user: { communicationUserId: userId } };
}

function issued(userId: string, { token, expiresOn }: AccessToken): IssuedToken {
  return { token, expiresOn: expiresOn.toISOString(), user: { communicationUserId: userId } };
}
