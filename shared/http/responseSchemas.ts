import * as z from 'zod/mini';
import { userIdPattern } from '../acs/communicationUserId.ts';
import type { ErrorCode } from '../errors.ts';
import { problemTypes } from './problem.ts';

// The service uses only the types of these schemas, so the bundle does not contain them. openapi.json and the tests
// are made from the schemas.

const communicationUserSchema = z
  .object({
    communicationUserId: z
      .string()
      .check(
        z.regex(userIdPattern),
        z.describe('The id of the communication user in Communication Services.'),
      ),
  })
  .check(z.meta({ id: 'CommunicationUser', description: 'A communication user.' }));

/** Some platforms' date parsers read no fractions of a second. */
const expiresOnSchema = z.string().check(
  z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  z.meta({
    format: 'date-time',
    description: 'When the token expires: UTC, in whole seconds, rounded down.',
  }),
);

/** The token of a Teams user has no communication user. */
export const tokenResponseSchema = z
  .object({
    token: z.string().check(z.minLength(1), z.describe('The access token that the client SDKs accept.')),
    expiresOn: expiresOnSchema,
    endpoint: z
      .url()
      .check(
        z.describe(
          'The URL of the Communication Services resource, without a trailing slash. Chat clients need it.',
        ),
      ),
  })
  .check(z.meta({ id: 'TokenResponse', description: 'An access token of a Teams user.' }));

export const issuedTokenSchema = z
  .object({ ...tokenResponseSchema.shape, user: communicationUserSchema })
  .check(z.meta({ id: 'IssuedToken', description: 'An access token of a communication user.' }));

export const createdUserSchema = z
  .union([z.object({ user: communicationUserSchema }), issuedTokenSchema])
  .check(
    z.meta({
      id: 'CreatedUser',
      description: 'A communication user, with its first token when the request has scopes.',
    }),
  );

const checkResultSchema = z.enum(['ok', 'failed']);

export const healthSchema = z
  .object({
    status: checkResultSchema.check(z.describe('`ok` when every check is.')),
    checks: z
      .record(z.string(), checkResultSchema)
      .check(z.describe('The state of each dependency, at most 5 seconds old.')),
  })
  .check(z.meta({ id: 'Health', description: 'The state of the service and its dependencies.' }));

export const problemSchema = z
  .object({
    type: z.string().check(z.meta({ format: 'uri', description: 'Identifies the code.' })),
    title: z.string().check(z.describe('The code in words.')),
    status: z.int().check(z.describe('The status of the response.')),
    detail: z.string().check(z.describe('What is wrong and what to do, for people. It may change.')),
    code: z
      .enum(Object.keys(problemTypes) as ErrorCode[])
      .check(z.describe('What went wrong, from a closed list. Rely on this field.')),
    requestId: z.string().check(z.describe('Identifies the request in the log of the service.')),
    errors: z
      .optional(
        z.array(
          z.object({
            path: z.string().check(z.describe('The field, parameter or header.')),
            message: z.string().check(z.describe('What is wrong with it.')),
          }),
        ),
      )
      .check(z.describe('Everything that is wrong with the request.')),
  })
  .check(z.meta({ id: 'Problem', description: 'Problem details (RFC 9457).' }));

export type TokenResponse = z.output<typeof tokenResponseSchema>;
export type IssuedToken = z.output<typeof issuedTokenSchema>;
export type CreatedUser = z.output<typeof createdUserSchema>;
export type CheckResult = z.output<typeof checkResultSchema>;
export type Health = z.output<typeof healthSchema>;
export type Problem = z.output<typeof problemSchema>;
