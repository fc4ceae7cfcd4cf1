import { CommunicationIdentityClient } from '@azure/communication-identity';
import { app } from '@azure/functions';

/**
 * As in Microsoft's tutorial, which makes a client for each request:
 * https://learn.microsoft.com/azure/communication-services/tutorials/trusted-service-tutorial
 */
app.http('issueToken', {
  route: 'users/{userId}/token',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async ({ params }) => {
    const client = new CommunicationIdentityClient(process.env['COMMUNICATION_CONNECTION_STRING'] ?? '', {
      allowInsecureConnection: true,
    });
    return {
      jsonBody: await client.getToken({ communicationUserId: params['userId'] ?? '' }, ['chat', 'voip']),
    };
  },
});
