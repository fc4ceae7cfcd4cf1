import type { AnsweredRequest } from '../answeredRequest.ts';
import { byId, setText } from './element.ts';
import { send } from './problem.ts';

const POLL_MS = 1000;
const TIMEOUT_MS = 5000;

const badge = byId('connection', HTMLElement);

/** The requests since the last poll, and the run of the service that answered them. */
export interface News {
  run: string;
  requests: AnsweredRequest[];
}

/** Asks the service for new requests every second while the page is visible, and shows whether it answers. */
export function startPolling(
  lastNumber: () => number,
  onNews: (news: News) => Promise<void>,
): () => Promise<void> {
  let polling: Promise<void> | undefined;

  async function poll(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await send(`/console/requests?after=${lastNumber()}`, { signal });
      await onNews((await response.json()) as News);
      show('Connected', 'good');
    } catch {
      show('Connection lost. Run npm start; this page reconnects.', 'bad');
    }
  }

  /** One poll at a time. */
  const pollOnce = () => (polling ??= poll().finally(() => (polling = undefined)));
  setInterval(() => {
    if (!document.hidden) void pollOnce();
  }, POLL_MS);
  void pollOnce();
  return pollOnce;
}

function show(text: string, className: string): void {
  setText(badge, text);
  badge.className = `badge ${className}`;
}
