import {
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import type * as z from 'zod/mini';

/**
 * Throws a RestError for a success response whose body does not have the expected shape. The SDKs do not check what
 * their types promise: a proxy's page, or an empty object, would pass for "no rows" or fail as a TypeError. Add it
 * before `throwErrorResponses`.
 */
export function checkResponse(
  schemaFor: (request: PipelineRequest) => z.ZodMiniType | undefined,
): PipelinePolicy {
  return {
    name: 'checkResponse',
    async sendRequest(request, next) {
      const response = await next(request);
      const schema = schemaFor(request);
      if (schema === undefined || schema.safeParse(readJson(response)).success) return response;
      throw new RestError('A success response without the expected fields.', {
        code: RestError.PARSE_ERROR,
        statusCode: response.status,
        request,
        response,
      });
    },
  };
}

function readJson({ bodyAsText }: PipelineResponse): unknown {
  try {
    return JSON.parse(bodyAsText ?? '');
  } catch {
    return undefined;
  }
}
