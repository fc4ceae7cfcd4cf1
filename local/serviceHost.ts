import type { HostListing } from './functionsHost/hostMessage.ts';

/** A running Functions host: the embedded one or Core Tools. */
export interface ServiceHost {
  /** Origin without a trailing slash. */
  url: string;
  /** The functions and their keys; absent with Core Tools, which print them. */
  listing?: HostListing;
  exited: Promise<unknown>;
  stop(): Promise<void>;
}
