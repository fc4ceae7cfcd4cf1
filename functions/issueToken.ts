import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import { readTokenOptions, readUserId } from '../shared/http/tokenRequest.ts';

async function handle(call: Call): Promise<HttpResponseInit> {
  const { request, caller, tokenPolicy, tokenService, signal, addLogFields } = call;
  const userId = readUserId(request);
  addLogFields({ communicationUser: userId });
  const tokenOptions = await readTokenOptions(request, tokenPolicy);
  addLogFields(tokenOptions);
  const issued = await tokenService.issueToken(caller, userId, tokenOptions, signal);
  addLogFields({ communicationUser: issued.user.communicationUserId });
  return { status: 200, jsonBody: issued };
}

export function issueToken(app: App): HttpFunctionOptions {
  return {
    methods: ['GET', 'POST'],
    authLevel: app.authLevel,
    route: 'users/{userId}/token',
    handler: endpoint(app, 'issueToken', handle),
  };
}
