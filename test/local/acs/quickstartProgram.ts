import { CommunicationIdentityClient } from '@azure/communication-administration';

// Microsoft's quickstart of 2020, with its SDK: https://learn.microsoft.com/azure/communication-services/quickstarts/identity/access-tokens

async function main(): Promise<void> {
  console.log('Azure Communication Services - Access Tokens Quickstart');

  const connectionString = process.env['COMMUNICATION_SERVICES_CONNECTION_STRING'] ?? '';
  const identityClient = new CommunicationIdentityClient(connectionString);

  const user = await identityClient.createUser();
  console.log(`\nCreated a user with ID: ${user.communicationUserId}`);

  for (const scope of ['voip', 'chat'] as const) {
    const { token, expiresOn } = await identityClient.issueToken(user, [scope]);
    console.log(`\nIssued a token with '${scope}' scope that expires at ${expiresOn.toISOString()}:`);
    console.log(token);
  }

  await identityClient.revokeTokens(user);
  console.log(`\nSuccessfully revoked all tokens for user with ID: ${user.communicationUserId}`);

  await identityClient.deleteUser(user);
  console.log(`\nDeleted the user with ID: ${user.communicationUserId}`);
}

main().catch((error: unknown) => {
  console.log('Encountered an error');
  console.log(error);
  process.exitCode = 1;
});
