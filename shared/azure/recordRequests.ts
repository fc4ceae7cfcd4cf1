import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Records each attempt of a request. Add it inside `throwErrorResponses`, so that it sees the status of errors. */
export function recordRequests(
  telemetry: Telemetry,
  pathOf: (request: PipelineRequest) => string,
): PipelinePolicy {
  return {
    name: 'recordRequests',
    sendRequest: (request, next) => telemetry.dependency(request, next, pathOf),
  };
}
