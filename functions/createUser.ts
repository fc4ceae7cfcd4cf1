import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import { readFirstTokenOptions } from '../shared/http/tokenRequest.ts';

async function handle(call: Call): Promise<HttpResponseInit> {
  const { request, caller, tokenPolicy, tokenService, signal, addLogFields } = call;
  const tokenOptions = await readFirstTokenOptions(request, tokenPolicy);
  addLogFields({ ...tokenOptions });
  const { isNew, answer } = await tokenService.createUser(caller, tokenOptions, signal);
  addLogFields({ communicationUser: answer.user.communicationUserId });
  return {
    status: isNew ? 201 : 200,
    headers: { Location: `/api/users/${answer.user.communicationUserId}` },
    jsonBody: answer,
  };
}

export function createUser(app: App): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: app.authLevel,
    route: 'users',
    handler: endpoint(app, 'createUser', handle),
  };
}
