// Not compiled by `npm run test:clients`: it needs com.azure.android:azure-communication-common, 1.2.0 or newer.
import com.azure.android.communication.common.CommunicationTokenCredential
import com.azure.android.communication.common.CommunicationTokenRefreshOptions
import java.util.concurrent.Callable

/**
 * The credential for ChatClientBuilder, CallClient and the UI library. It refreshes the token before it expires. Call
 * `dispose` on it at sign-out.
 */
fun createCredential(client: TokenClient, issued: IssuedToken): CommunicationTokenCredential {
    val options = CommunicationTokenRefreshOptions(Callable { client.refresh().token })
        .setRefreshProactively(true)
        .setInitialToken(issued.token)
    return CommunicationTokenCredential(options)
}
