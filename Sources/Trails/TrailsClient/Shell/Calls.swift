import AsyncHTTPClient
import Synchronization
import TrailsWire
import Vocabulary
import WebTransport

/// The REST calls of one client, with its identity.
struct Calls: Sendable {
    private let config: TrailsConfig

    init(_ config: TrailsConfig) { self.config = config }

    private var api: TrailsAPI {
        TrailsAPI(
            endpoint: self.config.info.server, serverKey: self.config.info.serverKey, trust: self.config.trust,
            http: Self.http(trust: self.config.trust), patience: .seconds(30))
    }

    private var credentials: Credentials { Credentials(app: self.config.info.appID, key: self.config.key) }

    private static let clients = Mutex<[TLSTrust: HTTPClient]>([:])

    /// One for all clients of the process that trust the same; made at the first call, and never shut down.
    static func http(trust: TLSTrust) -> HTTPClient {
        Self.clients.withLock { clients in
            if let client = clients[trust] { return client }
            let client = HTTPClient.forTrails(trust: trust)
            clients[trust] = client
            return client
        }
    }

    /// Makes calls, and tells their errors in the library's words.
    func make<Answer: Sendable>(
        _ calls: (TrailsAPI, Credentials) async throws(TrailsError) -> Answer
    ) async throws(TrailsFailure) -> Answer {
        do throws(TrailsError) {
            return try await calls(self.api, self.credentials)
        } catch {
            throw TrailsFailure(error)
        }
    }
}

extension TrailsConfig {
    var trust: TLSTrust { self.certificateAuthority.map { .authority(file: $0) } ?? .system }
}
