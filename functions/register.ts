import type { app as functionsApp } from '@azure/functions';
import type { App } from '../shared/app.ts';
import { createUser } from './createUser.ts';
import { deleteUser } from './deleteUser.ts';
import { exchangeTeamsToken } from './exchangeTeamsToken.ts';
import { health } from './health.ts';
import { issueToken } from './issueToken.ts';
import { openapi } from './openapi.ts';
import { revokeTokens } from './revokeTokens.ts';

/** Registers every function of the service that the settings switch on. */
export function registerFunctions(functions: Pick<typeof functionsApp, 'http'>, app: App): void {
  functions.http('createUser', createUser(app));
  functions.http('issueToken', issueToken(app));
  functions.http('revokeTokens', revokeTokens(app));
  functions.http('deleteUser', deleteUser(app));
  if (app.exchangesTeamsTokens) functions.http('exchangeTeamsToken', exchangeTeamsToken(app));
  functions.http('health', health(app));
  functions.http('openapi', openapi(app));
}
