import { type PipelinePolicy, type PipelineResponse, RestError } from '@azure/core-rest-pipeline';
import * as z from 'zod/mini';

const error = z.looseObject({ code: z.string() });
/** Communication Services and Key Vault say `error`, Table Storage `odata.error`. */
const errorBody = z.union([z.object({ error }), z.object({ 'odata.error': error })]);

/**
 * Throws a RestError for every error response, and for every redirect, because no client follows one. The SDK does not
 * read the body: some SDKs throw a TypeError for one that they do not expect, such as an HTML page. Add it inside the
 * retry policy.
 */
export const throwErrorResponses: PipelinePolicy = {
  name: 'throwErrorResponses',
  async sendRequest(request, next) {
    const response = await next(request);
    if (response.status < 300) return response;
    const details = readError(response);
    throw Object.assign(
      new RestError(`Status ${response.status}`, {
        statusCode: response.status,
        ...(details === undefined ? {} : { code: details.code }),
        request,
        response,
      }),
      { details },
    );
  },
};

/** The error in the body of a response; an SDK may replace the `details` of a RestError with its own. */
export function readError({ bodyAsText }: PipelineResponse): z.output<typeof error> | undefined {
  try {
    const body = errorBody.parse(JSON.parse(bodyAsText ?? ''));
    return 'error' in body ? body.error : body['odata.error'];
  } catch {
    return undefined;
  }
}
