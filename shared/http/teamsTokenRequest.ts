import type { HttpRequest } from '@azure/functions';
import { invalidRequest } from '../errors.ts';
import { teamsTokenRequestSchema } from './contract.ts';
import { fieldErrors } from './fieldErrors.ts';
import { unknownParameters } from './query.ts';
import { readJsonBody } from './requestBody.ts';

/** The Entra ID token to exchange, not verified. Throws `invalid_request`. */
export async function readTeamsUserToken(request: HttpRequest): Promise<string> {
  const body = teamsTokenRequestSchema.safeParse(await readJsonBody(request));
  const errors = [
    ...(body.success ? [] : fieldErrors(body.error, 'body')),
    ...unknownParameters(request, []),
  ];
  if (!body.success || errors.length > 0) throw invalidRequest(...errors);
  return body.data.teamsUserToken;
}
