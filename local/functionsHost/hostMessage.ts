import type { AuthLevel } from './keys.ts';

/** One function of a running host. */
export interface FunctionListing {
  name: string;
  methods: readonly string[];
  /** The URL with its route parameters, e.g. `http://localhost:7071/api/users/{userId}`. */
  url: string;
  authLevel: AuthLevel;
}

/** The address, functions and keys of a running host. */
export interface HostListing {
  /** Origin without a trailing slash. */
  url: string;
  port: number;
  functions: FunctionListing[];
  functionKey: string;
  masterKey: string;
}

/** The one message that the host's process sends to its parent. */
export type HostMessage = { type: 'ready'; listing: HostListing } | { type: 'failed'; message: string };
