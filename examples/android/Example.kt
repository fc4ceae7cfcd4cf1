import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executors
import kotlin.system.exitProcess
import org.json.JSONObject

/** Gets a token and prints whose it is. Arguments: how many calls at once (1), and how many times in a row (1). */
fun main(args: Array<String>) {
    val calls = args.getOrNull(0)?.toInt() ?: 1
    val rounds = args.getOrNull(1)?.toInt() ?: 1
    val client = TokenClient(
        System.getenv("TOKEN_SERVICE_URL"),
        // An app asks its sign-in library instead, and signs the user in again when renew is true.
        { renew -> System.getenv(if (renew) "RENEWED_BEARER_TOKEN" else "BEARER_TOKEN") }
    )
    val threads = Executors.newFixedThreadPool(calls)
    var issued: IssuedToken? = null
    var failure: TokenException? = null
    repeat(rounds) {
        val all = threads.invokeAll(List(calls) { Callable { client.refresh() } })
        try {
            all.forEach { issued = it.get() }
            failure = null
        } catch (error: ExecutionException) {
            failure = error.cause as? TokenException ?: throw error
        }
    }
    threads.shutdown()
    val line = JSONObject()
    failure?.let {
        line.put("code", it.code).put("status", it.status).put("retryable", it.retryable).put("requestId", it.requestId)
        println(line)
        System.err.println(it.message)
        exitProcess(1)
    }
    issued?.let { line.put("communicationUserId", it.communicationUserId).put("endpoint", it.endpoint) }
    println(line)
}
