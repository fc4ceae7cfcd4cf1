import * as z from 'zod';
import { userIdPattern } from '../acs/communicationUserId.ts';
import type { ErrorCode } from '../errors.ts';
import { problemTypes } from './problem.ts';

// The service uses only the types of these schemas, so the bundle does not contain them. openapi.json and the tests
// are made from the schemas.

const communicationUserSchema = z
  .object({
    communicationUserId: z.string().regex(userIdPattern).meta({
      description: 'The id of the communication user in Communication Services.',
    }),
  })
  .meta({ id: 'CommunicationUser', description: 'A communication user.' });

/** Some platforms' date parsers read no fractions of a second. */
const expiresOnSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .meta({ format: 'date-time', description: 'When the token expires: UTC, in whole seconds, rounded down.' });

/** The token of a Teams user has no communication user. */
export const tokenResponseSchema = z
  .object({
    token: z.string().min(1).meta({ description: 'The access token that the client SDKs accept.' }),
    expiresOn: expiresOnSchema,
    endpoint: z.url().meta({
      description:
        'The URL of the Communication Services resource, without a trailing slash. Chat clients need it.',
    }),
  })
  .meta({ id: 'TokenResponse', description: 'An access token of a Teams user.' });

export const issuedTokenSchema = tokenResponseSchema
  .extend({ user: communicationUserSchema })
  .meta({ id: 'IssuedToken', description: 'An access token of a communication user.' });

export const createdUserSchema = z
  .union([z.object({ user: communicationUserSchema }), issuedTokenSchema])
  .meta({
    id: 'CreatedUser',
    description: 'A communication user, with its first token when the request has scopes.',
  });

const checkResultSchema = z.enum(['ok', 'failed']);

export const healthSchema = z
  .object({
    status: checkResultSchema.meta({ description: '`ok` when every check is.' }),
    checks: z
      .record(z.string(), checkResultSchema)
      .meta({ description: 'The state of each dependency, at most 5 seconds old.' }),
  })
  .meta({ id: 'Health', description: 'The state of the service and its dependencies.' });

export const problemSchema = z
  .object({
    type: z.string().meta({ format: 'uri', description: 'Identifies the code.' }),
    title: z.string().meta({ description: 'The code in words.' }),
    status: z.int().meta({ description: 'The status of the response.' }),
    detail: z.string().meta({ description: 'What is wrong and what to do, for people. It may change.' }),
    code: z
      .enum(Object.keys(problemTypes) as ErrorCode[])
      .meta({ description: 'What went wrong, from a closed list. Rely on this field.' }),
    requestId: z.string().meta({ description: 'Identifies the request in the log of the service.' }),
    errors: z
      .array(
        z.object({
          path: z.string().meta({ description: 'The field, parameter or header.' }),
          message: z.string().meta({ description: 'What is wrong with it.' }),
        }),
      )
      .optional()
      .meta({ description: 'Everything that is wrong with the request.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

export type TokenResponse = z.output<typeof tokenResponseSchema>;
export type IssuedToken = z.output<typeof issuedTokenSchema>;
export type CreatedUser = z.output<typeof createdUserSchema>;
export type CheckResult = z.output<typeof checkResultSchema>;
export type Health = z.output<typeof healthSchema>;
export type Problem = z.output<typeof problemSchema>;
