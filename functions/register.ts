import type { FunctionApp } from '../shared/functionApp.ts';
import type { Service } from '../shared/app.ts';
import { registerCreateUser } from './createUser.ts';
import { registerDeleteUser } from './deleteUser.ts';
import { registerHealth } from './health.ts';
import { registerIssueToken } from './issueToken.ts';
import { registerRevokeTokens } from './revokeTokens.ts';

/** Registers every function of the service. */
export function registerFunctions(app: FunctionApp, service: Service): void {
  registerCreateUser(app, service);
  registerIssueToken(app, service);
  registerRevokeTokens(app, service);
  registerDeleteUser(app, service);
  registerHealth(app, service);
}
