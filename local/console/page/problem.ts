import { byId, create } from './element.ts';

/** An error response: a problem of the service, a refusal of the Functions host, or of the control interface. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly status: number;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly errors: { path: string; message: string }[];
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfter: string | null) {
    super(body.detail ?? body.error ?? hostRefusal(status));
    this.status = status;
    this.code = body.code;
    this.requestId = body.requestId;
    this.errors = body.errors ?? body.fields ?? [];
    this.retryAfter = retryAfter === null ? undefined : Number(retryAfter);
  }
}

interface ProblemBody {
  detail?: string;
  code?: string;
  requestId?: string;
  errors?: ProblemError['errors'];
  /** Of the control interface. */
  error?: string;
  fields?: ProblemError['errors'];
}

/** Sends a request of the page. Rejects with a ProblemError for an error response. */
export async function send(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  throw new ProblemError(response.status, body, response.headers.get('retry-after'));
}

/** Runs a command of the control interface. */
export async function control(command: string, input: unknown): Promise<Response> {
  return send(`/console/control/${command}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
  });
}

const shown = byId('problem', HTMLElement);

export function clearProblem(): void {
  shown.replaceChildren();
}

/** Shows what a request was rejected with. */
export function showProblem(error: unknown): void {
  if (!(error instanceof ProblemError)) {
    shown.replaceChildren(
      create('p', 'problem-code', 'The service cannot be reached. Is npm start running?'),
    );
    return;
  }
  const { status, code, message, errors, requestId, retryAfter } = error;
  const facts = create('dl');
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) facts.append(create('dt', '', name), create('dd', '', String(value)));
  };
  add('Retry after', retryAfter === undefined ? undefined : `${retryAfter} seconds`);
  add('Request id', requestId);
  shown.replaceChildren(
    create('p', 'problem-code', `${status} ${code ?? 'without a code'}`),
    create('p', '', message),
    create(
      'ul',
      '',
      ...errors.map(({ path, message }) => create('li', '', create('code', '', path), ` ${message}`)),
    ),
    facts,
  );
}

/** The host rejects some requests itself, without a body. */
function hostRefusal(status: number): string {
  if (status === 401) return 'The Functions host rejected the request: the function key is missing or wrong.';
  return `The Functions host rejected the request with ${status}, and gives no reason.`;
}
