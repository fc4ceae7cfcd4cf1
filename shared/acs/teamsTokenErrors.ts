import type { RestError } from '@azure/core-rest-pipeline';
import { decodeJwt } from 'jose';
import { readError } from '../azure/errorResponses.ts';
import type { ErrorMapping } from '../azure/sdkErrors.ts';
import { ServiceError } from '../errors.ts';
import { acsErrors, isInvalidTeamsToken } from './acsErrors.ts';

/** What the answers to the exchange of this Teams token mean. What is not about the token means what it always means. */
export function teamsTokenErrors(teamsUserToken: string): ErrorMapping {
  return {
    ...acsErrors,
    fromResponse(error) {
      if (isInvalidTeamsToken(error)) {
        return refusal(
          hasExpired(teamsUserToken)
            ? 'has expired: get a new one'
            : 'is not valid: it must be an Entra ID token with the scopes Teams.ManageCalls and Teams.ManageChats',
          error,
        );
      }
      switch (rejectedField(error)) {
        case 'appId':
          return refusal(
            'is of another application than the one that this service accepts',
            error,
            'TEAMS_CLIENT_ID must be the application that the clients get their Teams tokens for.',
          );
        case 'userId':
          return refusal('is of another user than the bearer token of the request', error);
        default:
          return acsErrors.fromResponse?.(error);
      }
    },
  };
}

function refusal(message: string, cause: RestError, operatorHint?: string): ServiceError {
  return new ServiceError('invalid_request', 'Communication Services rejected the Teams token. See errors.', {
    errors: [{ path: 'teamsUserToken', message }],
    operatorHint,
    cause,
  });
}

/** The field of the exchange that ACS rejects. */
function rejectedField({ statusCode, response }: RestError): unknown {
  return statusCode === 400 && response !== undefined ? readError(response)?.['target'] : undefined;
}

/** Reads the token without verifying it, to explain why ACS refused it. */
function hasExpired(token: string): boolean {
  try {
    const { exp } = decodeJwt(token);
    return exp !== undefined && exp <= Date.now() / 1000;
  } catch {
    return false;
  }
}
