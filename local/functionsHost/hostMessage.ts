import type { AuthLevel } from './keys.ts';

export interface FunctionListing {
  name: string;
  methods: readonly string[];
  /** The route template in its place, e.g. `http://localhost:7071/api/users/{userId}`. */
  url: string;
  authLevel: AuthLevel;
}

/** Where the host serves, and what. */
export interface HostListing {
  /** Origin without a trailing slash. */
  url: string;
  port: number;
  functions: FunctionListing[];
  functionKey: string;
  masterKey: string;
}

/** What the host's process tells the one that started it, once. */
export type HostMessage = ({ type: 'ready' } & HostListing) | { type: 'failed'; message: string };
