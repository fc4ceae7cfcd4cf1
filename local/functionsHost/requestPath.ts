const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The path of a request target as Kestrel gives it to routing: escapes decoded, dot segments removed. `%2F` and
 * escapes that are malformed or not UTF-8 stay encoded. Undefined for a path with a NUL or without a leading slash,
 * to which Kestrel returns 400.
 */
export function decodePath(target: string): string | undefined {
  const [raw = ''] = target.split('?', 1);
  if (!raw.startsWith('/') || raw.includes('%00')) return undefined;
  const decoded = raw.replace(/(?:%[0-9a-f]{2})+/gi, decodeEscapes);
  return removeDotSegments(decoded);
}

function decodeEscapes(escapes: string): string {
  let decoded = '';
  for (let index = 0; index < escapes.length;) {
    const length = 3 * sequenceLength(escapes.slice(index, index + 3));
    const sequence = escapes.slice(index, index + length);
    const text = decodeSequence(sequence);
    decoded += text ?? escapes.slice(index, index + 3);
    index += text === undefined ? 3 : length;
  }
  return decoded;
}

/** The length in bytes of the UTF-8 sequence that starts with the escaped byte. */
function sequenceLength(escape: string): number {
  const byte = Number.parseInt(escape.slice(1), 16);
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}

function decodeSequence(sequence: string): string | undefined {
  if (sequence.toUpperCase() === '%2F') return undefined;
  try {
    return strictUtf8.decode(Buffer.from(sequence.replaceAll('%', ''), 'hex'));
  } catch {
    return undefined;
  }
}

function removeDotSegments(path: string): string {
  const segments = path.split('/');
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isDot = segment === '.' || segment === '..';
    if (segment === '..' && kept.length > 1) kept.pop();
    if (!isDot) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return kept.join('/');
}
