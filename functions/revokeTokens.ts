import type { HttpResponseInit } from '@azure/functions';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/app.ts';
import { readUserId } from '../shared/http/tokenRequest.ts';

async function revokeTokens({ request, caller, tokens, signal, note }: Call): Promise<HttpResponseInit> {
  const userId = readUserId(request);
  note({ communicationUser: userId });
  await tokens.revokeTokens(caller, userId, signal);
  return { status: 204 };
}

export function registerRevokeTokens(app: FunctionApp, service: Service): void {
  app.http('revokeTokens', {
    methods: ['DELETE'],
    authLevel: service.authLevel,
    route: 'users/{userId}/token',
    handler: endpoint(service, 'revokeTokens', revokeTokens),
  });
}
