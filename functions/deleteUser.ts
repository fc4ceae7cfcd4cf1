import type { HttpResponseInit } from '@azure/functions';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/app.ts';
import { readUserId } from '../shared/http/tokenRequest.ts';

async function deleteUser({ request, caller, tokens, signal, note }: Call): Promise<HttpResponseInit> {
  const userId = readUserId(request);
  note({ communicationUser: userId });
  await tokens.deleteUser(caller, userId, signal);
  return { status: 204 };
}

export function registerDeleteUser(app: FunctionApp, service: Service): void {
  app.http('deleteUser', {
    methods: ['DELETE'],
    authLevel: service.authLevel,
    route: 'users/{userId}',
    handler: endpoint(service, 'deleteUser', deleteUser),
  });
}
