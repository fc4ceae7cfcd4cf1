import type { PipelineResponse } from '@azure/core-rest-pipeline';

/** The current form of an HTTP date; Date.parse alone accepts `-5` and `1.5` as dates too. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** `Retry-After` of a response in seconds, rounded up: a number or an HTTP date (RFC 9110). */
export function retryAfterSeconds(
  response: Pick<PipelineResponse, 'headers'> | undefined,
): number | undefined {
  const value = response?.headers.get('retry-after') ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value);
  if (!HTTP_DATE.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
