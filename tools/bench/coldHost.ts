import diagnostics from 'node:diagnostics_channel';
import { startHost } from '../../local/functionsHost/host.ts';

/** The app to become. */
export interface Specialisation {
  folder: string;
  env: Record<string, string>;
}

/** A call of the app to another service, milliseconds since the epoch. */
export interface OutgoingCall {
  path: string;
  startedAt: number;
  endedAt: number;
}

/** What happened in this process, milliseconds since the epoch. */
export interface ColdTrace {
  listeningAt: number;
  calls: OutgoingCall[];
}

const started = new WeakMap<object, OutgoingCall>();
const trace: ColdTrace = { listeningAt: 0, calls: [] };

interface Sent {
  request: { path: string };
}

diagnostics.subscribe('http.client.request.start', (message) => {
  const { request } = message as Sent;
  const call = { path: request.path.split('?')[0] ?? '', startedAt: now(), endedAt: NaN };
  started.set(request, call);
  trace.calls.push(call);
});
diagnostics.subscribe('http.client.response.finish', (message) => {
  const call = started.get((message as Sent).request);
  if (call !== undefined) call.endedAt = now();
});

/**
 * Waits without an app, as Azure's placeholder processes do, and loads one on request. Azure calls that specialisation.
 */
process.on('message', (message: Specialisation | 'trace') => {
  if (message === 'trace') process.send?.(trace);
  else void specialise(message);
});
process.on('disconnect', () => process.exit(0));
process.send?.('waiting');

async function specialise({ folder, env }: Specialisation): Promise<void> {
  Object.assign(process.env, env);
  const { url } = await startHost({
    app: folder,
    port: 0,
    enableAuth: false,
    allowLocalPages: false,
    compactLog: true,
  });
  trace.listeningAt = now();
  process.send?.(url);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
