/** A call that only Azure can evaluate, such as `reference('<id>', '2024-11-30').clientId`. */
const referenceCall = /\b(?:reference|list\w+)\('([^']+)'(?:, '[^']*')*\)\.([\w.]+)/g;

const formatCall = /\bformat\('([^']*)'((?:, '[^']*')*)\)/g;

/**
 * Where a value of an expanded resource comes from: `{<resource id> clientId}` in place of a property that only Azure
 * knows, `{<resource id> id}` in place of the id itself. Other text stays as it is.
 */
export function resolveValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value.startsWith('/subscriptions/')) return `{${value} id}`;
  if (!value.startsWith('[')) return value;
  let expression = value.slice(1, -1).replace(referenceCall, "'{$1 $2}'");
  for (let before = ''; before !== expression;) {
    before = expression;
    expression = expression.replace(formatCall, (_, pattern: string, list: string) => {
      const values = [...list.matchAll(/'([^']*)'/g)].map(([, text]) => text ?? '');
      return `'${pattern.replace(/\{(\d+)\}/g, (_match, index: string) => values[Number(index)] ?? '')}'`;
    });
  }
  return /^'([^']*)'$/.exec(expression)?.[1] ?? `[${expression}]`;
}
