import { randomInt } from 'node:crypto';

/**
 * Writes an expiry as the service does: ISO 8601 with up to seven fraction digits, without trailing zeros. The service
 * counts in ticks of 100 ns, `Date` in milliseconds, so the ticks below a millisecond (0 to 9999) are random.
 */
export function formatExpiry(milliseconds: number, ticks: number = randomInt(10_000)): string {
  const text = new Date(milliseconds).toISOString().replace('Z', String(ticks).padStart(4, '0'));
  return `${text.replace(/\.?0+$/, '')}+00:00`;
}
