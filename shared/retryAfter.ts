import type { PipelineResponse } from '@azure/core-rest-pipeline';

/** The seconds a response asks to wait, rounded up: `Retry-After` as a number or an HTTP date (RFC 9110). */
export function retryAfterSeconds(
  response: Pick<PipelineResponse, 'headers'> | undefined,
): number | undefined {
  const value = response?.headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
