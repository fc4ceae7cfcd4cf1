import type { AnsweredRequest } from '../answeredRequest.ts';
import { byId, create, timeOfDay } from './element.ts';
import { drawLatency, statusClass } from './latencyPlot.ts';

const MAX_ROWS = 50;

const rows = byId('request-rows', HTMLElement);
let requests: AnsweredRequest[] = [];

/** The number of the latest request in the table. */
export function lastNumber(): number {
  return requests.at(-1)?.number ?? 0;
}

/** Adds requests to the table, the newest at the top, and draws the plot. */
export function addRequests(added: readonly AnsweredRequest[]): void {
  requests = [...requests, ...added].slice(-MAX_ROWS);
  for (const request of added) rows.prepend(row(request));
  while (rows.children.length > MAX_ROWS) rows.lastChild?.remove();
  showPanel();
}

export function clearRequests(): void {
  requests = [];
  rows.replaceChildren();
  showPanel();
}

function showPanel(): void {
  byId('requests', HTMLElement).hidden = requests.length === 0;
  byId('no-requests', HTMLElement).hidden = requests.length > 0;
  if (requests.length > 0) drawLatency(requests);
}

function row(request: AnsweredRequest): HTMLElement {
  const { time, method, path, status, durationMs, upstreamCalls = '–', code, detail, requestId } = request;
  const name = [create('span', 'method', method), ' ', create('span', 'path', shorten(path))];
  const what = create('td', 'what', ...name);
  what.title = path;
  if (code !== undefined) what.append(create('p', 'code', code));
  if (detail !== undefined) what.append(create('p', 'detail', detail));
  if (detail !== undefined && requestId !== undefined)
    what.append(create('p', 'id', `Request id ${requestId}`));
  return create(
    'tr',
    '',
    create('td', 'time', timeOfDay(time)),
    what,
    create('td', '', create('span', `badge ${statusClass(status)}`, String(status))),
    create('td', 'number', `${durationMs} ms`),
    create('td', 'number', String(upstreamCalls)),
  );
}

/** Ids of communication users have 79 characters; their last ones differ. */
function shorten(path: string): string {
  return path.replaceAll(/%3A/gi, ':').replace(/8:acs:[0-9a-f-]{36}_[0-9a-f-]{28}([0-9a-f]{8})/, '8:acs:…$1');
}
