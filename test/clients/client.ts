/** What a client gets, in the place of an app. */
export interface ClientInput {
  api: string;
  bearerToken: string;
  /** What signing in again returns. */
  renewedBearerToken: string;
  /** Calls at once. */
  calls: number;
  /** Times in a row, without a pause. */
  rounds: number;
  /** Wait until the credential of the SDK has refreshed the token by itself. */
  untilRefreshed: boolean;
}

/** What a client did in the last round. */
export interface ClientResult {
  exitCode: number;
  /** The line of JSON that it printed: about the token, or about the problem. */
  line: Record<string, unknown>;
  /** Everything that it printed. */
  output: string;
}

export type RunClient = (input: ClientInput) => Promise<ClientResult>;

export interface PreparedClient {
  run: RunClient;
  /** What was not compiled, and why. */
  uncovered?: string;
}

/** A client of examples/, and what this machine can do with it. */
export interface Client {
  name: string;
  /** Whether it runs with the credential of the SDK. */
  hasCredential: boolean;
  /** What has to be installed; undefined when nothing is missing. */
  missing(): string | undefined;
  /** Compiles it into the folder. */
  prepare(folder: string): Promise<PreparedClient>;
  close?(): Promise<void>;
}
