/** Horizontal bars, each made of one or more parts. */
export interface BarChart {
  title: string;
  unit: string;
  /** The parts, in order; named in a legend when there is more than one. */
  parts: readonly string[];
  groups: readonly { label: string; bars: readonly { label: string; values: readonly number[] }[] }[];
}

const WIDTH = 760;
const LABELS = 190;
const BAR = 16;
const GAP = 6;
const GROUP = 30;
const TOP = 64;
const COLOURS = ['#2563a8', '#e08e2b', '#4f9d69', '#8e5ba6', '#6b7280', '#c0504d'];

/** Draws the chart as a stand-alone SVG that reads on light and dark pages. */
export function barChart({ title, unit, parts, groups }: BarChart): string {
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ values }) => sum(values))));
  const scale = (WIDTH - LABELS - 90) / longest;
  const lines: string[] = [];
  let y = TOP;
  for (const { label, bars } of groups) {
    lines.push(text(16, y + 12, label, 'font-weight="600"'));
    y += GROUP - GAP;
    for (const bar of bars) {
      lines.push(text(LABELS - 8, y + 12, bar.label, 'text-anchor="end"'));
      let x = LABELS;
      for (const [part, value] of bar.values.entries()) {
        const width = Math.max(value, 0) * scale;
        lines.push(
          `<rect x="${round(x)}" y="${y}" width="${round(width)}" height="${BAR}" fill="${colour(part)}"/>`,
        );
        x += width;
      }
      lines.push(text(x + 6, y + 12, shorten(sum(bar.values))));
      y += BAR + GAP;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" width="${WIDTH}" height="${y + 12}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escape(title)}">
<rect width="100%" height="100%" rx="8" fill="#ffffff"/>
${text(16, 26, `${title} (${unit})`, 'font-size="15" font-weight="600"')}
${legend(parts)}
${lines.join('\n')}
</svg>
`;
}

function legend(parts: readonly string[]): string {
  if (parts.length < 2) return '';
  const width = (WIDTH - 32) / parts.length;
  return parts
    .map((part, index) => {
      const x = 16 + index * width;
      return `<rect x="${round(x)}" y="38" width="10" height="10" fill="${colour(index)}"/>${text(x + 15, 47, part, 'font-size="11"')}`;
    })
    .join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" fill="#1f2937" ${attributes}>${escape(content)}</text>`;
}

function colour(part: number): string {
  return COLOURS[part % COLOURS.length] ?? '#000000';
}

/** Three significant digits. */
export function shorten(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
