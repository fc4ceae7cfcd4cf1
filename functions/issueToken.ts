import type { HttpResponseInit } from '@azure/functions';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/app.ts';
import { readTokenRequest, readUserId } from '../shared/http/tokenRequest.ts';

async function issueToken({
  request,
  caller,
  limits,
  tokens,
  signal,
  note,
}: Call): Promise<HttpResponseInit> {
  const userId = readUserId(request);
  const asked = await readTokenRequest(request, limits);
  note({ communicationUser: userId, ...asked });
  const issued = await tokens.issueToken(caller, userId, asked, signal);
  note({ communicationUser: issued.user.communicationUserId });
  return { status: 200, jsonBody: issued };
}

export function registerIssueToken(app: FunctionApp, service: Service): void {
  app.http('issueToken', {
    methods: ['GET', 'POST'],
    authLevel: service.authLevel,
    route: 'users/{userId}/token',
    handler: endpoint(service, 'issueToken', issueToken),
  });
}
