import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/** An access token of Communication Services. Do not log it. */
class IssuedToken(
    val token: String,
    /** Milliseconds since 1970. */
    val expiresOn: Long,
    val communicationUserId: String,
    /** The URL of the Communication Services resource, which chat clients need. */
    val endpoint: String
)

/** Why there is no token. The message is the problem's `detail`. */
class TokenException(
    detail: String,
    /** A code of the service, or `offline` or `unexpected_response`. */
    val code: String,
    /** 0 when there was no response. */
    val status: Int = 0,
    /** Identifies the request in the log of the service. */
    val requestId: String = "",
    val retryAfterMs: Long = 0
) : Exception(detail) {
    /** Whether the same request can succeed later. */
    val retryable = code == "offline" || status in listOf(429, 502, 503, 504)
}

/**
 * Gets access tokens of the signed-in user from the token service. Create one for each signed-in user. `api` is the
 * URL of the service with `/api`. `bearerToken` returns the access token of the signed-in user for the service; with
 * `renew`, the last one was rejected.
 */
class TokenClient(
    api: String,
    private val bearerToken: (renew: Boolean) -> String,
    scopes: List<String> = listOf("chat", "voip")
) {
    private val url = URL("$api/users/me/token")
    private val body = JSONObject().put("scopes", JSONArray(scopes)).toString().toByteArray()
    private var running: FutureTask<IssuedToken>? = null
    @Volatile private var current: IssuedToken? = null
    @Volatile private var failure: TokenException? = null
    @Volatile private var pausedUntil = 0L

    /**
     * Gets a new token. Blocks: call it in `withContext(Dispatchers.IO)`. Concurrent calls share one refresh. When the
     * refresh fails and the current token is still valid for a minute, returns the current one. Throws a
     * TokenException, or what `bearerToken` throws.
     */
    fun refresh(): IssuedToken {
        try {
            return sharedRefresh()
        } catch (error: Exception) {
            val kept = current
            if (kept != null && kept.expiresOn - System.currentTimeMillis() > USABLE_MS) return kept
            throw error
        }
    }

    /** Ends the pause after a failure. Call it when the user has signed in again or the device is online again. */
    fun resume() {
        failure = null
    }

    private fun sharedRefresh(): IssuedToken {
        var own: FutureTask<IssuedToken>? = null
        val task = synchronized(this) {
            running ?: FutureTask { refreshOnce() }.also {
                own = it
                running = it
            }
        }
        own?.run()
        if (own != null) synchronized(this) { running = null }
        try {
            return task.get()
        } catch (error: ExecutionException) {
            throw error.cause ?: error
        }
    }

    private fun refreshOnce(): IssuedToken {
        val last = failure
        if (last != null && monotonicMs() < pausedUntil) throw last
        try {
            return requestUntilDone().also {
                current = it
                failure = null
            }
        } catch (error: TokenException) {
            pausedUntil = monotonicMs() + error.retryAfterMs.coerceIn(MIN_PAUSE_MS, MAX_PAUSE_MS)
            failure = error
            throw error
        }
    }

    private fun requestUntilDone(): IssuedToken {
        val endsAt = monotonicMs() + MAX_REFRESH_MS
        var bearer = bearerToken(false)
        var signedInAgain = false
        var requests = 1
        while (true) {
            try {
                return request(bearer)
            } catch (error: TokenException) {
                if (requests == MAX_REQUESTS) throw error
                if (error.status == 401 && !signedInAgain) {
                    signedInAgain = true
                    bearer = bearerToken(true)
                } else {
                    val least = maxOf(1000L shl (requests - 1), error.retryAfterMs)
                    val wait = (least * (1 + Math.random() / 2)).toLong()
                    if (!error.retryable || monotonicMs() + wait > endsAt) throw error
                    Thread.sleep(wait)
                }
                requests += 1
            }
        }
    }

    private fun request(bearer: String): IssuedToken {
        val connection = url.openConnection() as HttpURLConnection
        try {
            connection.requestMethod = "POST"
            connection.connectTimeout = REQUEST_TIMEOUT_MS
            connection.readTimeout = REQUEST_TIMEOUT_MS
            connection.instanceFollowRedirects = false
            connection.setRequestProperty("Authorization", "Bearer $bearer")
            connection.setRequestProperty("Content-Type", "application/json")
            connection.doOutput = true
            // Without a streaming mode, the connection sends Content-Length and can read the problem of a 401.
            connection.outputStream.use { it.write(body) }
            val status = connection.responseCode
            val stream = if (status < 400) connection.inputStream else connection.errorStream
            val text = stream?.bufferedReader()?.use { it.readText() } ?: ""
            return read(status, text, connection.getHeaderField("Retry-After") ?: "")
        } catch (error: IOException) {
            throw TokenException("The token service cannot be reached. Check the connection and try again.", "offline")
        } finally {
            connection.disconnect()
        }
    }

    private fun read(status: Int, text: String, retryAfter: String): IssuedToken {
        val body = try {
            JSONObject(text)
        } catch (error: JSONException) {
            JSONObject()
        }
        if (status == 200 && body.has("token")) {
            return IssuedToken(
                body.getString("token"),
                parseTime(body.getString("expiresOn")),
                body.getJSONObject("user").getString("communicationUserId"),
                body.getString("endpoint")
            )
        }
        throw TokenException(
            body.optString("detail", "The response ($status) is not of the token service. Check the URL."),
            body.optString("code", "unexpected_response"),
            status,
            body.optString("requestId"),
            (retryAfter.toLongOrNull() ?: 0) * 1000
        )
    }

    private companion object {
        /** Requests of one refresh, the one after signing in again included. */
        const val MAX_REQUESTS = 4
        /** A refresh starts no wait that ends later than this after its start. */
        const val MAX_REFRESH_MS = 30_000L
        const val REQUEST_TIMEOUT_MS = 15_000
        /** After a failed refresh no request is sent for this long, or for the time in Retry-After if that is longer. */
        const val MIN_PAUSE_MS = 10_000L
        const val MAX_PAUSE_MS = 300_000L
        /** A failed refresh returns the current token if it is valid for longer than this. */
        const val USABLE_MS = 60_000L

        fun monotonicMs() = System.nanoTime() / 1_000_000

        /** java.time needs Android 8 or desugaring. The service sends whole seconds in UTC. */
        fun parseTime(text: String): Long {
            val format = java.text.SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'Z'", java.util.Locale.US)
            format.timeZone = java.util.TimeZone.getTimeZone("UTC")
            return format.parse(text)!!.time
        }
    }
}
