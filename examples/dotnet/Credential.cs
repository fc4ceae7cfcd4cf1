// Not compiled by `npm run test:clients` where NuGet does not have the package Azure.Communication.Common.
using Azure.Communication;

namespace AcsTokenService;

public static class Credential
{
    /// <summary>
    /// The credential for ChatClient and CallClient. It refreshes the token before it expires. Dispose it at sign-out.
    /// </summary>
    public static CommunicationTokenCredential Create(TokenClient client, IssuedToken issued) =>
        // The SDK's timer calls the first function, on a thread of the pool; GetTokenAsync calls the second.
        new(
            new CommunicationTokenRefreshOptions(
                refreshProactively: true,
                cancellationToken => client.RefreshAsync(cancellationToken).GetAwaiter().GetResult().Token)
            {
                InitialToken = issued.Token,
                AsyncTokenRefresher = async cancellationToken =>
                    (await client.RefreshAsync(cancellationToken).ConfigureAwait(false)).Token,
            });
}
