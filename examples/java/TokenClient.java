import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Gets access tokens of the signed-in user from the token service. Create one for each signed-in user. Needs Java 11
 * and Jackson, which the Azure SDK brings.
 */
public final class TokenClient {
    /** Requests of one refresh, the one after signing in again included. */
    private static final int MAX_REQUESTS = 4;
    /** A refresh starts no wait that ends later than this after its start. */
    private static final Duration MAX_REFRESH = Duration.ofSeconds(30);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(15);
    /** After a failed refresh no request is sent for this long, or for the time in Retry-After if that is longer. */
    private static final Duration MIN_PAUSE = Duration.ofSeconds(10);
    private static final Duration MAX_PAUSE = Duration.ofMinutes(5);
    /** A failed refresh returns the current token if it is valid for longer than this. */
    private static final Duration USABLE = Duration.ofMinutes(1);
    private static final Set<Integer> RETRYABLE = Set.of(429, 502, 503, 504);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Returns the access token of the signed-in user for the token service. */
    public interface BearerTokens {
        /** With {@code renew}, the service rejected the last one. */
        String get(boolean renew);
    }

    /** An access token of Communication Services. Do not log it. */
    public static final class IssuedToken {
        public final String token;
        public final Instant expiresOn;
        public final String communicationUserId;
        /** The URL of the Communication Services resource, which chat clients need. */
        public final String endpoint;

        IssuedToken(JsonNode body) {
            token = body.path("token").asText();
            expiresOn = Instant.parse(body.path("expiresOn").asText());
            communicationUserId = body.path("user").path("communicationUserId").asText();
            endpoint = body.path("endpoint").asText();
        }
    }

    /** Why there is no token. The message is the problem's {@code detail}. */
    public static final class TokenException extends RuntimeException {
        /** A code of the service, or {@code offline} or {@code unexpected_response}. */
        public final String code;
        /** 0 when there was no response. */
        public final int status;
        /** Identifies the request in the log of the service; null when there was no response. */
        public final String requestId;
        /** Whether the same request can succeed later. */
        public final boolean retryable;
        public final Duration retryAfter;

        public TokenException(String detail, String code, int status, String requestId, Duration retryAfter) {
            super(detail);
            this.code = code;
            this.status = status;
            this.requestId = requestId;
            this.retryable = code.equals("offline") || RETRYABLE.contains(status);
            this.retryAfter = retryAfter;
        }
    }

    private final HttpClient http;
    private final URI uri;
    private final BearerTokens bearerTokens;
    private final String body;
    private FutureTask<IssuedToken> running;
    private volatile IssuedToken current;
    private volatile TokenException failure;
    private volatile long pausedUntil;

    /** {@code api} is the URL of the service with {@code /api}. */
    public TokenClient(String api, BearerTokens bearerTokens, List<String> scopes) {
        // HTTP/2 would add an upgrade to the first request over plain http.
        this.http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(REQUEST_TIMEOUT)
            .build();
        this.uri = URI.create(api + "/users/me/token");
        this.bearerTokens = bearerTokens;
        this.body = JSON.valueToTree(Map.of("scopes", scopes)).toString();
    }

    /**
     * Gets a new token; blocks. Concurrent calls share one refresh. When the refresh fails and the current token is
     * still valid for a minute, returns the current one.
     *
     * @throws TokenException when there is no token, or what {@code bearerTokens} throws
     */
    public IssuedToken refresh() {
        try {
            return sharedRefresh();
        } catch (RuntimeException error) {
            IssuedToken kept = current;
            if (kept != null && Instant.now().plus(USABLE).isBefore(kept.expiresOn)) return kept;
            throw error;
        }
    }

    /** Ends the pause after a failure. Call it when the user has signed in again or the device is online again. */
    public void resume() {
        failure = null;
    }

    private IssuedToken sharedRefresh() {
        FutureTask<IssuedToken> task;
        boolean isFirst = false;
        synchronized (this) {
            if (running == null) {
                running = new FutureTask<>(this::refreshOnce);
                isFirst = true;
            }
            task = running;
        }
        if (isFirst) {
            try {
                task.run();
            } finally {
                synchronized (this) {
                    running = null;
                }
            }
        }
        try {
            return task.get();
        } catch (ExecutionException error) {
            if (error.getCause() instanceof RuntimeException) throw (RuntimeException) error.getCause();
            throw new IllegalStateException(error.getCause());
        } catch (InterruptedException error) {
            throw interrupted();
        }
    }

    private IssuedToken refreshOnce() {
        TokenException last = failure;
        if (last != null && System.nanoTime() - pausedUntil < 0) throw last;
        try {
            current = requestUntilDone();
            failure = null;
            return current;
        } catch (TokenException error) {
            Duration pause = min(error.retryAfter, MAX_PAUSE);
            pausedUntil = System.nanoTime() + max(pause, MIN_PAUSE).toNanos();
            failure = error;
            throw error;
        }
    }

    private IssuedToken requestUntilDone() {
        long endsAt = System.nanoTime() + MAX_REFRESH.toNanos();
        String bearerToken = bearerTokens.get(false);
        boolean signedInAgain = false;
        for (int requests = 1; ; requests++) {
            try {
                return request(bearerToken);
            } catch (TokenException error) {
                if (requests == MAX_REQUESTS) throw error;
                if (error.status == 401 && !signedInAgain) {
                    signedInAgain = true;
                    bearerToken = bearerTokens.get(true);
                    continue;
                }
                Duration least = max(Duration.ofSeconds(1L << (requests - 1)), error.retryAfter);
                long waitNanos = (long) (least.toNanos() * (1 + ThreadLocalRandom.current().nextDouble() / 2));
                if (!error.retryable || System.nanoTime() + waitNanos - endsAt > 0) throw error;
                sleep(Duration.ofNanos(waitNanos));
            }
        }
    }

    private IssuedToken request(String bearerToken) {
        HttpRequest request = HttpRequest.newBuilder(uri)
            .timeout(REQUEST_TIMEOUT)
            .header("Authorization", "Bearer " + bearerToken)
            .header("Content-Type", "application/json")
            // A publisher of known length: the service does not accept chunks.
            .POST(BodyPublishers.ofString(body))
            .build();
        try {
            return read(http.send(request, BodyHandlers.ofString()));
        } catch (IOException error) {
            throw new TokenException(
                "The token service cannot be reached. Check the connection and try again.",
                "offline", 0, null, Duration.ZERO);
        } catch (InterruptedException error) {
            throw interrupted();
        }
    }

    private static IssuedToken read(HttpResponse<String> response) {
        JsonNode body = parse(response.body());
        int status = response.statusCode();
        if (status == 200 && body.path("token").isTextual()) return new IssuedToken(body);
        String retryAfter = response.headers().firstValue("Retry-After").orElse("");
        throw new TokenException(
            body.path("detail").asText("The response (" + status + ") is not of the token service. Check the URL."),
            body.path("code").asText("unexpected_response"),
            status,
            body.path("requestId").asText(null),
            Duration.ofSeconds(retryAfter.matches("\\d{1,6}") ? Long.parseLong(retryAfter) : 0));
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException error) {
            return JSON.createObjectNode();
        }
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException error) {
            throw interrupted();
        }
    }

    private static RuntimeException interrupted() {
        Thread.currentThread().interrupt();
        return new CancellationException("Interrupted while waiting for the token service.");
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
