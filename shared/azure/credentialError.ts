/** Whether no token could be had for this service; @azure/identity's errors share no class. */
export function isIdentityError(error: unknown): boolean {
  return (
    error instanceof Error &&
    ['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'].includes(error.name)
  );
}
