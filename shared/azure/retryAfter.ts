import type { PipelineResponse } from '@azure/core-rest-pipeline';

/** The one form of HTTP dates that is still sent; Date.parse alone reads `-5` and `1.5` as dates too. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The seconds a response asks to wait, rounded up: `Retry-After` as a number or an HTTP date (RFC 9110). */
export function retryAfterSeconds(
  response: Pick<PipelineResponse, 'headers'> | undefined,
): number | undefined {
  const value = response?.headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  if (!HTTP_DATE.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
