import { app } from '@azure/functions';

app.http('issueToken', {
  route: 'users/{userId}/token',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: () => Promise.resolve({ jsonBody: { token: 'ok' } }),
});
