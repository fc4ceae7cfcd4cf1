import type { ServerResponse } from 'node:http';

/** One HTTP response of the host. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  /** Why the host itself rejects the request; for the log. */
  reason?: string;
}

const bodilessStatuses = new Set([204, 205, 304]);

/** Sends a reply with its length. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  const { status, headers, body = '' } = reply;
  const bodiless = bodilessStatuses.has(status);
  response.writeHead(status, {
    ...headers,
    ...(!bodiless && { 'content-length': Buffer.byteLength(body) }),
  });
  response.end(bodiless ? undefined : body);
}
