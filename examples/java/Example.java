import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Gets a token and prints whose it is. Arguments: how many calls at once (1), and how many times in a row (1). */
public final class Example {
    public static void main(String[] args) throws IOException {
        int calls = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        Map<String, String> env = System.getenv();
        TokenClient client = new TokenClient(
            env.get("TOKEN_SERVICE_URL"),
            // An app asks its sign-in library instead, and signs the user in again when renew is true.
            renew -> env.get(renew ? "RENEWED_BEARER_TOKEN" : "BEARER_TOKEN"),
            List.of("chat", "voip"));
        ObjectMapper json = new ObjectMapper();
        ExecutorService threads = Executors.newFixedThreadPool(calls);
        TokenClient.IssuedToken issued = null;
        TokenClient.TokenException failure = null;
        for (int round = 0; round < rounds; round++) {
            List<CompletableFuture<TokenClient.IssuedToken>> all = IntStream.range(0, calls)
                .mapToObj(call -> CompletableFuture.supplyAsync(client::refresh, threads))
                .collect(Collectors.toList());
            try {
                for (CompletableFuture<TokenClient.IssuedToken> one : all) issued = one.join();
                failure = null;
            } catch (CompletionException error) {
                if (!(error.getCause() instanceof TokenClient.TokenException)) throw error;
                failure = (TokenClient.TokenException) error.getCause();
            }
        }
        threads.shutdown();
        if (failure == null) {
            System.out.println(json.writeValueAsString(Map.of(
                "communicationUserId", issued.communicationUserId,
                "endpoint", issued.endpoint)));
            return;
        }
        System.out.println(json.writeValueAsString(Map.of(
            "code", failure.code,
            "status", failure.status,
            "retryable", failure.retryable,
            "requestId", failure.requestId == null ? "" : failure.requestId)));
        System.err.println(failure.getMessage());
        System.exit(1);
    }
}
