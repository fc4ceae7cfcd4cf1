import type { HttpResponseInit } from '@azure/functions';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/app.ts';
import { readTokenRequest } from '../shared/http/tokenRequest.ts';

async function createUser({
  request,
  caller,
  limits,
  tokens,
  signal,
  note,
}: Call): Promise<HttpResponseInit> {
  const asked = await readTokenRequest(request, limits);
  note(asked);
  const { isNew, answer } = await tokens.createUser(caller, asked, signal);
  note({ communicationUser: answer.user.communicationUserId });
  return {
    status: isNew ? 201 : 200,
    headers: { Location: `/api/users/${answer.user.communicationUserId}` },
    jsonBody: answer,
  };
}

export function registerCreateUser(app: FunctionApp, service: Service): void {
  app.http('createUser', {
    methods: ['POST'],
    authLevel: service.authLevel,
    route: 'users',
    handler: endpoint(service, 'createUser', createUser),
  });
}
