import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import type { AppUser, EndUser } from '../shared/callers/caller.ts';
import { ServiceError } from '../shared/errors.ts';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import { readNewUser } from '../shared/http/tokenRequest.ts';

async function handle(call: Call): Promise<HttpResponseInit> {
  const { request, tokenPolicy, tokenService, signal, addLogFields } = call;
  const { tokenOptions, appUser } = await readNewUser(request, tokenPolicy);
  addLogFields({ ...tokenOptions });
  const owner = ownerOf(call, appUser);
  const { isNew, answer } = await tokenService.createUser(owner, tokenOptions, signal);
  addLogFields({ communicationUser: answer.user.communicationUserId });
  return {
    status: isNew ? 201 : 200,
    headers: { Location: `/api/users/${answer.user.communicationUserId}` },
    jsonBody: answer,
  };
}

/** The end user that the communication user belongs to; a service may create one that is nobody's. */
function ownerOf({ caller, callers }: Call, appUser: AppUser | undefined): EndUser | undefined {
  if (appUser === undefined) return caller.kind === 'user' ? caller : undefined;
  if (caller.kind === 'service') return callers.endUser(appUser);
  throw new ServiceError('forbidden', 'Only a service can create a user for a subject.');
}

export function createUser(app: App): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: app.authLevel,
    route: 'users',
    handler: endpoint(app, 'createUser', handle),
  };
}
