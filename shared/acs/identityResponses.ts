import type { PipelineRequest } from '@azure/core-rest-pipeline';
import * as z from 'zod';
import { userIdPattern } from './communicationUserId.ts';

const identity = z.object({ id: z.string().regex(userIdPattern) });
const accessToken = z.object({
  token: z.string().min(1),
  expiresOn: z.string().refine((text) => Date.parse(text) > Date.now(), 'must be a date in the future'),
});

const created = z.object({ identity });
const createdWithToken = z.object({ identity, accessToken });

/** What a success response to the request must hold; `undefined` when it has no body. */
export function expectedBody({ url, body }: PipelineRequest): z.ZodType | undefined {
  if (isCreate(url)) {
    return typeof body === 'string' && body.includes('createTokenWithScopes') ? createdWithToken : created;
  }
  return url.includes('/:issueAccessToken?') ? accessToken : undefined;
}

export function isCreate(url: string): boolean {
  return new URL(url).pathname.endsWith('/identities');
}
