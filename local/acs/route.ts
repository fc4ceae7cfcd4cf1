import type { Answer } from '../emulator/serve.ts';
import type { ApiVersion } from './apiVersions.ts';
import type { CommunicationResource } from './communicationResource.ts';

/** An authenticated request in an API version that knows it. */
export interface Call {
  /** The identity in the path; empty where the path names none. */
  id: string;
  body: unknown;
  version: ApiVersion;
  /** The access key that signed it; none when it came with a bearer token. */
  accessKey: Buffer | undefined;
}

export interface Route {
  operation: string;
  method: string;
  /** Matches the decoded path; its group `id` is the identity. */
  path: RegExp;
  /** Whether the body asks for this operation, where the path alone does not say. */
  when?(body: unknown): boolean;
  servedIn(version: ApiVersion): boolean;
  answer(resource: CommunicationResource, call: Call): Answer | Promise<Answer>;
}
