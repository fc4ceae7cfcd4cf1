/** A request that the control interface does not carry out, and the answer that says so. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Record<string, unknown> & { error: string };
  readonly headers: Record<string, string>;

  constructor(status: number, body: Refusal['body'], headers: Record<string, string> = {}) {
    super(body.error);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
