/** A request that the host has answered. */
export interface AnsweredRequest {
  /** Counts from 1. */
  number: number;
  /** ISO 8601. */
  time: string;
  method: string;
  path: string;
  status: number;
  durationMs: number;
  /** Of the problem in the response. */
  code?: string | undefined;
  /** What the problem says, or why the host rejected the request. */
  detail?: string | undefined;
  requestId?: string | undefined;
  /** From the log event of the request. */
  upstreamCalls?: number | undefined;
}
