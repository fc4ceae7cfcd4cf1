using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace AcsTokenService;

/// <summary>An access token of Communication Services. Do not log it.</summary>
/// <param name="Endpoint">The URL of the Communication Services resource, which chat clients need.</param>
public sealed record IssuedToken(string Token, DateTimeOffset ExpiresOn, string CommunicationUserId, string Endpoint)
{
    // A record would print the token.
    public override string ToString() => $"Token of {CommunicationUserId} until {ExpiresOn:O}";
}

/// <summary>Why there is no token. The message is the problem's <c>detail</c>.</summary>
public sealed class TokenException : Exception
{
    public TokenException(
        string detail, string code, int status = 0, string? requestId = null, TimeSpan retryAfter = default)
        : base(detail)
    {
        (Code, Status, RequestId, RetryAfter) = (code, status, requestId, retryAfter);
    }

    /// <summary>A code of the service, or <c>offline</c> or <c>unexpected_response</c>.</summary>
    public string Code { get; }

    /// <summary>0 when there was no response.</summary>
    public int Status { get; }

    /// <summary>Identifies the request in the log of the service.</summary>
    public string? RequestId { get; }

    public TimeSpan RetryAfter { get; }

    /// <summary>Whether the same request can succeed later.</summary>
    public bool Retryable => Code == "offline" || Status is 429 or 502 or 503 or 504;
}

/// <summary>
/// Gets access tokens of the signed-in user from the token service. Create one for each signed-in user.
/// </summary>
public sealed class TokenClient
{
    /// <summary>Requests of one refresh, the one after signing in again included.</summary>
    private const int MaxRequests = 4;

    /// <summary>A refresh starts no wait that ends later than this after its start.</summary>
    private static readonly TimeSpan MaxRefresh = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    /// <summary>After a failed refresh no request is sent for this long, or for Retry-After if that is longer.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    /// <summary>A failed refresh returns the current token if it is valid for longer than this.</summary>
    private static readonly TimeSpan Usable = TimeSpan.FromMinutes(1);

    private readonly HttpClient http;
    private readonly Uri uri;
    private readonly Func<bool, CancellationToken, Task<string>> getBearerToken;
    private readonly byte[] body;
    private readonly object gate = new();
    private Task<IssuedToken>? running;
    private volatile IssuedToken? current;
    private volatile TokenException? failure;
    private long pausedUntil;

    /// <param name="http">
    /// From IHttpClientFactory, or one for the life of the app. Its handler should have AllowAutoRedirect = false.
    /// </param>
    /// <param name="api">The URL of the service with <c>/api</c>.</param>
    /// <param name="getBearerToken">
    /// Returns the access token of the signed-in user for the token service. With <c>true</c>, the last one was rejected.
    /// </param>
    public TokenClient(
        HttpClient http,
        string api,
        Func<bool, CancellationToken, Task<string>> getBearerToken,
        params string[] scopes)
    {
        this.http = http;
        uri = new Uri($"{api}/users/me/token");
        this.getBearerToken = getBearerToken;
        body = JsonSerializer.SerializeToUtf8Bytes(
            new { scopes = scopes.Length > 0 ? scopes : new[] { "chat", "voip" } });
    }

    /// <summary>
    /// Gets a new token. Concurrent calls share one refresh, which goes on when one of them is cancelled. When the
    /// refresh fails and the current token is still valid for a minute, returns the current one.
    /// </summary>
    /// <exception cref="TokenException">There is no token. What getBearerToken throws passes through.</exception>
    public async Task<IssuedToken> RefreshAsync(CancellationToken cancellationToken = default)
    {
        Task<IssuedToken> shared;
        lock (gate)
        {
            if (running is null || running.IsCompleted) running = Task.Run(RefreshOnceAsync, CancellationToken.None);
            shared = running;
        }
        try
        {
            return await shared.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            if (current is { } kept && kept.ExpiresOn - DateTimeOffset.UtcNow > Usable) return kept;
            throw;
        }
    }

    /// <summary>
    /// Ends the pause after a failure. Call it when the user has signed in again or the device is online again.
    /// </summary>
    public void Resume() => failure = null;

    private async Task<IssuedToken> RefreshOnceAsync()
    {
        if (failure is { } last && Environment.TickCount64 < Volatile.Read(ref pausedUntil)) throw last;
        try
        {
            var issued = await RequestUntilDoneAsync().ConfigureAwait(false);
            (current, failure) = (issued, null);
            return issued;
        }
        catch (TokenException error)
        {
            var pause = Math.Clamp(
                error.RetryAfter.TotalMilliseconds, MinPause.TotalMilliseconds, MaxPause.TotalMilliseconds);
            Volatile.Write(ref pausedUntil, Environment.TickCount64 + (long)pause);
            failure = error;
            throw;
        }
    }

    private async Task<IssuedToken> RequestUntilDoneAsync()
    {
        var endsAt = Environment.TickCount64 + MaxRefresh.TotalMilliseconds;
        var bearerToken = await getBearerToken(false, CancellationToken.None).ConfigureAwait(false);
        var signedInAgain = false;
        for (var requests = 1; ; requests++)
        {
            try
            {
                return await RequestAsync(bearerToken).ConfigureAwait(false);
            }
            catch (TokenException error) when (requests < MaxRequests)
            {
                if (error.Status == 401 && !signedInAgain)
                {
                    signedInAgain = true;
                    bearerToken = await getBearerToken(true, CancellationToken.None).ConfigureAwait(false);
                    continue;
                }
                var least = Math.Max(1000 << (requests - 1), error.RetryAfter.TotalMilliseconds);
                var wait = least * (1 + Random.Shared.NextDouble() / 2);
                if (!error.Retryable || Environment.TickCount64 + wait > endsAt) throw;
                await Task.Delay(TimeSpan.FromMilliseconds(wait)).ConfigureAwait(false);
            }
        }
    }

    private async Task<IssuedToken> RequestAsync(string bearerToken)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            // Content of known length. PostAsJsonAsync sends chunks, which the service does not accept.
            Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearerToken);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(timeout.Token).ConfigureAwait(false);
            return Read(response, text);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
        {
            throw new TokenException(
                "The token service cannot be reached. Check the connection and try again.", "offline");
        }
    }

    private static IssuedToken Read(HttpResponseMessage response, string text)
    {
        var body = Parse(text);
        if (response.StatusCode == HttpStatusCode.OK && body is { Token: { } token, User: { } user })
        {
            return new IssuedToken(token, body.ExpiresOn, user.CommunicationUserId, body.Endpoint ?? "");
        }
        var status = (int)response.StatusCode;
        throw new TokenException(
            body.Detail ?? $"The response ({status}) is not of the token service. Check the URL.",
            body.Code ?? "unexpected_response",
            status,
            body.RequestId,
            response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero);
    }

    private static Body Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Body>(text, JsonSerializerOptions.Web) ?? new Body();
        }
        catch (JsonException)
        {
            return new Body();
        }
    }

    /// <summary>The fields of a token and of a problem.</summary>
    private sealed record Body(
        string? Token = null,
        DateTimeOffset ExpiresOn = default,
        User? User = null,
        string? Endpoint = null,
        string? Detail = null,
        string? Code = null,
        string? RequestId = null);

    private sealed record User(string CommunicationUserId);
}
