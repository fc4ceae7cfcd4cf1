import type { HostListing } from './functionsHost/hostMessage.ts';

/** The process that serves the functions. */
export interface ServiceHost {
  /** Origin without a trailing slash. */
  url: string;
  /** The functions and their keys; Core Tools print their own. */
  listing?: HostListing;
  exited: Promise<unknown>;
  stop(): Promise<void>;
}
