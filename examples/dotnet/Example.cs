using System.Text.Json;
using AcsTokenService;

// Gets a token and prints whose it is. Arguments: how many calls at once (1), and how many times in a row (1).
var calls = args.Length > 0 ? int.Parse(args[0]) : 1;
var rounds = args.Length > 1 ? int.Parse(args[1]) : 1;

using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
var client = new TokenClient(
    http,
    Environment.GetEnvironmentVariable("TOKEN_SERVICE_URL") ?? "",
    // An app asks its sign-in library instead, and signs the user in again when renew is true.
    (renew, _) => Task.FromResult(
        Environment.GetEnvironmentVariable(renew ? "RENEWED_BEARER_TOKEN" : "BEARER_TOKEN") ?? ""));

for (var round = 1; ; round++)
{
    try
    {
        var issued = (await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => client.RefreshAsync())))[0];
        if (round < rounds) continue;
        Console.WriteLine(JsonSerializer.Serialize(
            new { issued.CommunicationUserId, issued.Endpoint }, JsonSerializerOptions.Web));
        return 0;
    }
    catch (TokenException error)
    {
        if (round < rounds) continue;
        Console.WriteLine(JsonSerializer.Serialize(
            new { error.Code, error.Status, error.Retryable, error.RequestId }, JsonSerializerOptions.Web));
        Console.Error.WriteLine(error.Message);
        return 1;
    }
}
