// Not compiled by `npm run test:clients`: it needs the package com.azure:azure-communication-common, 1.1.0 or newer.
import com.azure.communication.common.CommunicationTokenCredential;
import com.azure.communication.common.CommunicationTokenRefreshOptions;

/** The credential for ChatClientBuilder. It refreshes the token before it expires. Close it at sign-out. */
public final class Credential {
    private Credential() {}

    public static CommunicationTokenCredential create(TokenClient client, TokenClient.IssuedToken issued) {
        CommunicationTokenRefreshOptions options =
            new CommunicationTokenRefreshOptions(() -> client.refresh().token)
                .setRefreshProactively(true)
                .setInitialToken(issued.token);
        return new CommunicationTokenCredential(options);
    }
}
