/** What the page needs to know about the running service. */
export interface ConsoleSettings {
  /** A new one for each start of the service. */
  run: string;
  /** Those that a token may have. */
  scopes: readonly string[];
  checksKeys: boolean;
  /** The identity provider of signed-in callers; undefined with function keys. */
  issuer?: string | undefined;
  hasSampleUsers: boolean;
}
