import type { EmulatorResponse } from '../emulator/serve.ts';
import type { ApiVersion } from './apiVersions.ts';
import type { CommunicationResource } from './communicationResource.ts';

/** An authenticated request for an operation of its API version. */
export interface Call {
  /** The identity in the path; empty when the path has none. */
  id: string;
  body: unknown;
  version: ApiVersion;
  /** The access key that signed the request; undefined for a bearer token. */
  accessKey: Buffer | undefined;
}

/** One operation of the identity service. */
export interface Route {
  operation: string;
  method: string;
  /** Matches the decoded path; the group `id` is the identity. */
  path: RegExp;
  /** Whether the body selects this operation, when several share a path. */
  when?(body: unknown): boolean;
  /** The API version of a request that names none. Without it, such a request is rejected. */
  defaultVersion?: string;
  servedIn(version: ApiVersion): boolean;
  handle(resource: CommunicationResource, call: Call): EmulatorResponse | Promise<EmulatorResponse>;
}
