import type { AccessToken, TokenOptions } from './acs/accessToken.ts';
import { isForeignUser, isUnknownUser } from './acs/acsErrors.ts';
import type { AcsIdentity } from './acs/acsIdentity.ts';
import type { Caller, EndUser } from './callers/caller.ts';
import { invalidRequest, misconfigured, ServiceError } from './errors.ts';
import type { CreatedUser, IssuedToken, TokenResponse } from './http/responseSchemas.ts';
import type { UserDirectory } from './users/userDirectory.ts';

/**
 * The four operations on communication users and their access tokens. A service names any user by its id. An end
 * user says `me` or its own id; every other id is `forbidden`, whether it exists or not. Teams users have no
 * communication user: exchangeTeamsToken is for them.
 */
export class TokenService {
  readonly #acs: AcsIdentity;
  readonly #openDirectory: (() => Promise<UserDirectory>) | undefined;
  readonly #teamsClientId: string | undefined;

  /** The directory is needed when callers can be end users, the client id to exchange Teams tokens. */
  constructor(acs: AcsIdentity, openDirectory?: () => Promise<UserDirectory>, teamsClientId?: string) {
    this.#acs = acs;
    this.#openDirectory = openDirectory;
    this.#teamsClientId = teamsClientId;
  }

  /**
   * Creates a communication user, with its first token when there are token options. An end user has one, which
   * is new only the first time; a service creates one that is nobody's.
   */
  async createUser(
    owner: EndUser | undefined,
    tokenOptions: TokenOptions | undefined,
    signal: AbortSignal,
  ): Promise<{ isNew: boolean; answer: CreatedUser }> {
    if (tokenOptions !== undefined) {
      if (owner !== undefined) return this.#issueOwnToken(owner, tokenOptions, signal);
      const { userId, ...token } = await this.#acs.createUserAndToken(tokenOptions, signal);
      return { isNew: true, answer: issuedToken(userId, token) };
    }
    const create = async () => ({ userId: await this.#acs.createUser(signal) });
    if (owner === undefined) return { isNew: true, answer: createdUser((await create()).userId) };
    const directory = await this.#directory();
    const { userId, created } = await directory.getOrCreate(owner.subject, create, signal);
    return { isNew: created !== undefined, answer: createdUser(userId) };
  }

  async issueToken(
    caller: Caller,
    target: string,
    tokenOptions: TokenOptions,
    signal: AbortSignal,
  ): Promise<IssuedToken> {
    if (caller.kind === 'service') {
      const userId = requireId(target);
      return issuedToken(userId, await this.#acs.issueToken(userId, tokenOptions, signal));
    }
    if (target !== 'me') await this.#requireOwn(caller, target, signal);
    const { answer } = await this.#issueOwnToken(caller, tokenOptions, signal);
    return answer;
  }

  /** Invalidates every token issued to the user so far. */
  async revokeTokens(caller: Caller, target: string, signal: AbortSignal): Promise<void> {
    const userId = await this.#resolve(caller, target, signal);
    if (userId !== undefined) await this.#acs.revokeTokens(userId, signal);
  }

  /** Deletes the user; succeeds when it does not exist. */
  async deleteUser(caller: Caller, target: string, signal: AbortSignal): Promise<void> {
    const userId = await this.#resolve(caller, target, signal);
    if (userId === undefined) return;
    const directory = await this.#openDirectory?.();
    const subject = caller.kind === 'user' ? caller.subject : await directory?.ownerOf(userId, signal);
    if (subject === undefined) await this.#acs.deleteUser(userId, signal);
    else await directory?.delete(subject, userId, signal);
  }

  /** Exchanges the Entra token of a Teams user, who must be the caller itself. */
  async exchangeTeamsToken(
    caller: Caller,
    teamsUserToken: string,
    signal: AbortSignal,
  ): Promise<TokenResponse> {
    if (this.#teamsClientId === undefined) throw new Error('The Teams exchange needs a client id.');
    const teamsUser = { teamsUserToken, clientId: this.#teamsClientId, objectId: requireObjectId(caller) };
    return tokenResponse(await this.#acs.exchangeTeamsToken(teamsUser, signal));
  }

  /** A token for the end user's communication user, which is created on first use, and replaced once if missing. */
  async #issueOwnToken(
    user: EndUser,
    tokenOptions: TokenOptions,
    signal: AbortSignal,
    mayReplace = true,
  ): Promise<{ isNew: boolean; answer: IssuedToken }> {
    const directory = await this.#directory();
    const create = () => this.#acs.createUserAndToken(tokenOptions, signal);
    const { userId, created } = await directory.getOrCreate(user.subject, create, signal);
    if (created !== undefined) return { isNew: true, answer: issuedToken(userId, created) };
    try {
      const token = await this.#acs.issueToken(userId, tokenOptions, signal);
      return { isNew: false, answer: issuedToken(userId, token) };
    } catch (error) {
      const cause = error instanceof ServiceError ? error.cause : undefined;
      if (isForeignUser(cause)) throw otherResource(cause);
      // Any other failure may pass, and replacing the identity would lose the user's chats.
      if (!mayReplace || !isUnknownUser(cause)) throw error;
      await directory.remove(user.subject, userId, signal);
      return this.#issueOwnToken(user, tokenOptions, signal, false);
    }
  }

  /** The id that the target stands for; `undefined` when an end user has no communication user yet. */
  async #resolve(caller: Caller, target: string, signal: AbortSignal): Promise<string | undefined> {
    if (caller.kind === 'service') return requireId(target);
    if (target !== 'me') return this.#requireOwn(caller, target, signal);
    return (await this.#directory()).find(caller.subject, signal);
  }

  async #requireOwn({ subject }: EndUser, target: string, signal: AbortSignal): Promise<string> {
    if ((await (await this.#directory()).find(subject, signal)) === target) return target;
    throw new ServiceError('forbidden', 'This is not your communication user. Use me as the id.');
  }

  #directory(): Promise<UserDirectory> {
    if (this.#openDirectory === undefined) throw new Error('End users need a user directory.');
    return this.#openDirectory();
  }
}

function requireId(target: string): string {
  if (target !== 'me') return target;
  throw invalidRequest({ path: 'userId', message: 'must be an id: me is for signed-in users only' });
}

function requireObjectId(caller: Caller): string {
  if (caller.kind === 'service') {
    throw new ServiceError('forbidden', 'Only a signed-in user can exchange its own Teams token.');
  }
  if (caller.objectId !== undefined) return caller.objectId;
  throw new ServiceError(
    'forbidden',
    'The bearer token must have an oid claim of Entra ID (a GUID): it says whose Teams token may be exchanged.',
  );
}

/** The mapping is kept: correcting the secret makes it valid again. */
function otherResource(cause: unknown): ServiceError {
  return misconfigured(
    'The communication user of a signed-in user belongs to another ACS resource. Check that the secret or ACS_ENDPOINT is of the resource that this user table was filled with.',
    cause,
  );
}

function createdUser(userId: string): CreatedUser {
  return { user: { communicationUserId: userId } };
}

function issuedToken(userId: string, accessToken: AccessToken): IssuedToken {
  const { endpoint, ...token } = tokenResponse(accessToken);
  return { ...token, user: { communicationUserId: userId }, endpoint };
}

function tokenResponse({ token, expiresOn, endpoint }: AccessToken): TokenResponse {
  return { token, expiresOn: expiresOn.toISOString().replace(/\.\d+Z$/, 'Z'), endpoint };
}
