// Not compiled here: it needs Xcode, and the package AzureCommunicationCommon, 1.0 or newer. Written against the SDK's
// sources, for iOS 15 and the Swift 5 language mode.
import AzureCommunicationCommon
import Foundation

/// An access token of Communication Services. Do not log it.
public struct IssuedToken: Sendable {
    public let token: String
    public let expiresOn: Date
    public let communicationUserId: String
    /// The URL of the Communication Services resource, which chat clients need.
    public let endpoint: String
}

/// Why there is no token. `localizedDescription` is the problem's `detail`.
public struct TokenError: LocalizedError, Sendable {
    public let detail: String
    /// A code of the service, or `offline` or `unexpected_response`.
    public let code: String
    /// 0 when there was no response.
    public var status = 0
    /// Identifies the request in the log of the service.
    public var requestId: String?
    public var retryAfter: TimeInterval = 0

    public var errorDescription: String? { detail }
    /// Whether the same request can succeed later.
    public var retryable: Bool { code == "offline" || [429, 502, 503, 504].contains(status) }
}

/// Gets access tokens of the signed-in user from the token service. Create one for each signed-in user.
public actor TokenClient {
    /// Returns the access token of the signed-in user for the token service. With `renew`, the last one was rejected.
    public typealias GetBearerToken = @Sendable (_ renew: Bool) async throws -> String

    /// Requests of one refresh, the one after signing in again included.
    private let maxRequests = 4
    /// A refresh starts no wait that ends later than this after its start.
    private let maxRefresh: TimeInterval = 30
    /// After a failed refresh no request is sent for this long, or for the time in Retry-After if that is longer.
    private let minPause: TimeInterval = 10
    private let maxPause: TimeInterval = 300
    /// A failed refresh returns the current token if it is valid for longer than this.
    private let usable: TimeInterval = 60

    private let url: URL
    private let getBearerToken: GetBearerToken
    private let body: Data
    private let session: URLSession
    private var running: Task<IssuedToken, Error>?
    private var current: IssuedToken?
    private var failure: (error: TokenError, pausedUntil: TimeInterval)?

    /// `api` is the URL of the service with `/api`.
    public init(api: URL, scopes: [String] = ["chat", "voip"], getBearerToken: @escaping GetBearerToken) throws {
        url = api.appendingPathComponent("users/me/token")
        body = try JSONEncoder().encode(["scopes": scopes])
        self.getBearerToken = getBearerToken
        // Neither a cache nor cookies.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 15
        session = URLSession(configuration: configuration)
    }

    /// Gets a new token. Concurrent calls share one refresh. When the refresh fails and the current token is still
    /// valid for a minute, returns the current one. Throws a `TokenError`, or what `getBearerToken` throws.
    public func refresh() async throws -> IssuedToken {
        let shared = running ?? startRefresh()
        do {
            return try await shared.value
        } catch {
            if let current, current.expiresOn.timeIntervalSinceNow > usable { return current }
            throw error
        }
    }

    /// Ends the pause after a failure. Call it when the user has signed in again or the device is online again.
    public func resume() {
        failure = nil
    }

    private func startRefresh() -> Task<IssuedToken, Error> {
        let task = Task<IssuedToken, Error> {
            defer { running = nil }
            return try await refreshOnce()
        }
        running = task
        return task
    }

    private func refreshOnce() async throws -> IssuedToken {
        if let failure, now() < failure.pausedUntil { throw failure.error }
        do {
            let issued = try await requestUntilDone()
            current = issued
            failure = nil
            return issued
        } catch let error as TokenError {
            failure = (error, now() + max(minPause, min(error.retryAfter, maxPause)))
            throw error
        }
    }

    private func requestUntilDone() async throws -> IssuedToken {
        let endsAt = now() + maxRefresh
        var bearerToken = try await getBearerToken(false)
        var signedInAgain = false
        var requests = 1
        while true {
            do {
                return try await request(bearerToken)
            } catch let error as TokenError where requests < maxRequests {
                if error.status == 401, !signedInAgain {
                    signedInAgain = true
                    bearerToken = try await getBearerToken(true)
                } else {
                    let least = max(pow(2, Double(requests - 1)), error.retryAfter)
                    let wait = least * Double.random(in: 1...1.5)
                    guard error.retryable, now() + wait <= endsAt else { throw error }
                    try await Task.sleep(nanoseconds: UInt64(wait * 1_000_000_000))
                }
                requests += 1
            }
        }
    }

    private func request(_ bearerToken: String) async throws -> IssuedToken {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = body
        request.setValue("Bearer \(bearerToken)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let data: Data
        let response: URLResponse
        do {
            (data, response) = try await session.data(for: request, delegate: NoRedirects())
        } catch {
            throw TokenError(
                detail: "The token service cannot be reached. Check the connection and try again.", code: "offline")
        }
        return try read(data, response as? HTTPURLResponse)
    }

    private func read(_ data: Data, _ response: HTTPURLResponse?) throws -> IssuedToken {
        let status = response?.statusCode ?? 0
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        if status == 200, let body = try? decoder.decode(TokenBody.self, from: data) {
            return IssuedToken(
                token: body.token,
                expiresOn: body.expiresOn,
                communicationUserId: body.user.communicationUserId,
                endpoint: body.endpoint)
        }
        let problem = try? decoder.decode(Problem.self, from: data)
        throw TokenError(
            detail: problem?.detail ?? "The response (\(status)) is not of the token service. Check the URL.",
            code: problem?.code ?? "unexpected_response",
            status: status,
            requestId: problem?.requestId,
            retryAfter: response?.value(forHTTPHeaderField: "Retry-After").flatMap(TimeInterval.init) ?? 0)
    }

    private func now() -> TimeInterval {
        ProcessInfo.processInfo.systemUptime
    }
}

/// The credential for ChatClient, CallClient and the UI library. It refreshes the token before it expires. Call
/// `cancel` on it at sign-out.
@MainActor
public func createCredential(_ client: TokenClient, _ issued: IssuedToken) throws -> CommunicationTokenCredential {
    let options = CommunicationTokenRefreshOptions(initialToken: issued.token, refreshProactively: true) { completion in
        // The SDK schedules its next refresh on the thread that calls `completion`, with a timer that needs a run loop.
        Task { @MainActor in
            do {
                completion(try await client.refresh().token, nil)
            } catch {
                completion(nil, error)
            }
        }
    }
    return try CommunicationTokenCredential(withOptions: options)
}

private struct TokenBody: Decodable {
    struct User: Decodable {
        let communicationUserId: String
    }

    let token: String
    let expiresOn: Date
    let user: User
    let endpoint: String
}

private struct Problem: Decodable {
    let detail: String
    let code: String
    let requestId: String
}

/// A redirect would send the bearer token to another address.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest
    ) async -> URLRequest? {
        nil
    }
}
