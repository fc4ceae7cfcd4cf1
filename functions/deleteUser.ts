import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import { readOnlyUserId } from '../shared/http/tokenRequest.ts';

async function handle({
  request,
  caller,
  tokenService,
  signal,
  addLogFields,
}: Call): Promise<HttpResponseInit> {
  const userId = await readOnlyUserId(request);
  addLogFields({ communicationUser: userId });
  await tokenService.deleteUser(caller, userId, signal);
  return { status: 204 };
}

export function deleteUser(app: App): HttpFunctionOptions {
  return {
    methods: ['DELETE'],
    authLevel: app.authLevel,
    route: 'users/{userId}',
    handler: endpoint(app, 'deleteUser', handle),
  };
}
