import type { LocalAzure } from '../../local/localAzure.ts';
import { checkDocumented } from './checkDocumented.ts';

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

/** `path` is below `/api/`, not encoded any further. */
type Send = (method: string, path: string, request?: ApiRequest) => Promise<ApiResponse>;

/** A running service, in process or over HTTP. */
export interface Api {
  azure: LocalAzure;
  /** Rejects when the response is not as openapi.json says. */
  send: Send;
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

/** A transport whose responses are compared with openapi.json. */
export function checkedSend(send: Send): Send {
  return async (method, path, request) => {
    const response = await send(method, path, request);
    checkDocumented(method, path, response);
    return response;
  };
}

export function parseBody(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}
