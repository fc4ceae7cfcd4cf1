import type { AnsweredRequest } from '../answeredRequest.ts';
import { byId } from './element.ts';

const SVG = 'http://www.w3.org/2000/svg' as const;
const HEIGHT = 96;
const LEFT = 52;
const BARS = 40;

const plot = byId('latency', SVGSVGElement);
const caption = byId('latency-caption', HTMLElement);

/** Draws the durations of the latest requests as bars, on a logarithmic scale. */
export function drawLatency(requests: readonly AnsweredRequest[]): void {
  const latest = requests.slice(-BARS);
  const durations = latest.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
  const slowest = durations.at(-1) ?? 0;
  const median = durations[Math.floor(durations.length / 2)] ?? 0;
  caption.textContent = `Duration of the latest ${latest.length} requests: median ${median} ms, slowest ${slowest} ms`;

  const top = Math.max(3, Math.ceil(Math.log10(slowest + 1)));
  const y = (milliseconds: number) => HEIGHT - 2 - (Math.log10(milliseconds + 1) / top) * (HEIGHT - 14);
  const step = (plot.clientWidth - LEFT) / BARS;
  const lines = Array.from({ length: top }, (_, index) => 10 ** (index + 1)).flatMap((ms) => [
    shape('line', { class: 'grid', x1: LEFT, x2: plot.clientWidth, y1: y(ms), y2: y(ms) }),
    shape('text', { x: LEFT - 6, y: y(ms) + 4 }, ms < 1000 ? `${ms} ms` : `${ms / 1000} s`),
  ]);
  const bars = latest.map(({ durationMs, status }, index) =>
    shape('rect', {
      class: statusClass(status),
      x: LEFT + index * step + 1,
      y: y(Math.max(1, durationMs)),
      width: Math.max(1, step - 2),
      height: HEIGHT - y(Math.max(1, durationMs)),
      rx: 1.5,
    }),
  );
  plot.replaceChildren(...lines, ...bars);
}

/** How the page colors a status. */
export function statusClass(status: number): string {
  return status < 400 ? 'good' : status < 500 ? 'warn' : 'bad';
}

function shape(
  tag: 'line' | 'rect' | 'text',
  attributes: Record<string, string | number>,
  text = '',
): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}
