import { send } from './problem.ts';

export interface IssuedToken {
  token: string;
  /** ISO 8601. */
  expiresOn: string;
  user: { communicationUserId: string };
}

export interface TokenOptions {
  scopes?: string[];
  expiresInMinutes?: number;
}

/** Calls the API of the token service as any web client does. */
export class TokenService {
  #credentials: () => Record<string, string>;

  /** Takes a function that returns the headers of the caller. */
  constructor(credentials: () => Record<string, string>) {
    this.#credentials = credentials;
  }

  /** Also returns whether the user is new. */
  async createUser(): Promise<{ id: string; isNew: boolean }> {
    const response = await this.#send('POST', '/users');
    const { user } = (await response.json()) as IssuedToken;
    return { id: user.communicationUserId, isNew: response.status === 201 };
  }

  async issueToken(userId: string, options: TokenOptions): Promise<IssuedToken> {
    const response = await this.#send('POST', `/users/${encodeURIComponent(userId)}/token`, options);
    return (await response.json()) as IssuedToken;
  }

  async revokeTokens(userId: string): Promise<void> {
    await this.#send('DELETE', `/users/${encodeURIComponent(userId)}/token`);
  }

  async deleteUser(userId: string): Promise<void> {
    await this.#send('DELETE', `/users/${encodeURIComponent(userId)}`);
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    return send(`/api${path}`, {
      method,
      headers: {
        ...this.#credentials(),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}
