import type { LocalAzure } from '../../local/localAzure.ts';

export interface ApiRequest {
  headers?: Record<string, string>;
  /** Sent as it is. */
  body?: string;
}

export interface ApiResponse {
  status: number;
  headers: Headers;
  /** Parsed JSON; undefined when there is no body. */
  body: unknown;
}

/** A running service, in process or over HTTP. */
export interface Api {
  azure: LocalAzure;
  /** `path` is below `/api/`, not encoded any further. */
  send(method: string, path: string, request?: ApiRequest): Promise<ApiResponse>;
  /** The log lines so far. */
  logs(): string[];
  stop(): Promise<void>;
}

export interface ApiOptions {
  /** The secret in the vault; by default the connection string of the emulated ACS. */
  secret?: string;
  /** Additional settings. */
  env?: Record<string, string>;
}

export type StartApi = (options?: ApiOptions) => Promise<Api>;

export function parseBody(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}
