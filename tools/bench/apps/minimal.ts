import { CommunicationIdentityClient } from '@azure/communication-identity';
import { app } from '@azure/functions';

/** The least that a function can do: one shared client, no checks. */
const client = new CommunicationIdentityClient(process.env['COMMUNICATION_CONNECTION_STRING'] ?? '', {
  allowInsecureConnection: true,
});

app.http('issueToken', {
  route: 'users/{userId}/token',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async ({ params }) => ({
    jsonBody: await client.getToken({ communicationUserId: params['userId'] ?? '' }, ['chat', 'voip']),
  }),
});
