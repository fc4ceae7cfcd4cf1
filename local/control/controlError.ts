/** An error response of the control interface. */
export class ControlError extends Error {
  readonly status: number;
  readonly body: Record<string, unknown> & { error: string };
  readonly headers: Record<string, string>;

  constructor(status: number, body: ControlError['body'], headers: Record<string, string> = {}) {
    super(body.error);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
