import type { HttpResponseInit } from '@azure/functions';
import { type Call, endpoint } from '../shared/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/service.ts';
import { readTokenRequest } from '../shared/tokenRequest.ts';

async function createUser({ request, limits, tokens, signal, note }: Call): Promise<HttpResponseInit> {
  const asked = await readTokenRequest(request, limits);
  note(asked);
  const created = await tokens.createUser(asked, signal);
  note({ communicationUser: created.user.communicationUserId });
  return {
    status: 201,
    headers: { Location: `/api/users/${created.user.communicationUserId}` },
    jsonBody: created,
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
