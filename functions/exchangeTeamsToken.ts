import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { type Call, endpoint } from '../shared/http/endpoint.ts';
import { readTeamsUserToken } from '../shared/http/teamsTokenRequest.ts';

async function handle({ request, caller, tokenService, signal }: Call): Promise<HttpResponseInit> {
  const teamsUserToken = await readTeamsUserToken(request);
  const token = await tokenService.exchangeTeamsToken(caller, teamsUserToken, signal);
  return { status: 200, jsonBody: token };
}

export function exchangeTeamsToken(app: App): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: app.authLevel,
    route: 'teams/token',
    handler: endpoint(app, 'exchangeTeamsToken', handle),
  };
}
