package import AsyncHTTPClient
import Synchronization
package import TrailsWire
package import Vocabulary
package import WebTransport

/// The REST interface of one server, as a client sees it.
///
/// Every call but `server()` is signed, and its answer must carry the server's signature. A call that the server calls
/// stale is signed again, once. All calls may be repeated: what they make has an identity of the caller's choice.
package struct TrailsAPI: Sendable {
    package let endpoint: ServerEndpoint
    package let trust: TLSTrust
    /// How long a call that nobody answers is tried again. `.zero`: not at all.
    package var patience: Duration
    let http: HTTPClient
    private let learnedKey: LearnedKey
    let clock: @Sendable () -> Timestamp

    /// `serverKey` pins the server; without one the first answer of `GET /server` is believed.
    package init(
        endpoint: ServerEndpoint, serverKey: PublicKey?, trust: TLSTrust = .system, http: HTTPClient,
        patience: Duration = .zero, clock: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.endpoint = endpoint
        self.trust = trust
        self.patience = patience
        self.http = http
        self.learnedKey = LearnedKey(serverKey)
        self.clock = clock
    }

    /// Who the server says it is. The only call that needs no signature.
    package func server() async throws(TrailsError) -> ServerDescription {
        try await self.patiently { () async throws(TrailsError) in
            let answer = try await self.exchange("GET", path: self.path("/server"), headers: [], body: [])
            return try self.read(ServerDescription.self, from: try self.succeeded(answer).body)
        }
    }

    /// The server's key: the pinned one, else the one it shows now.
    package func serverKey() async throws(TrailsError) -> PublicKey {
        if let key = self.learnedKey.value { return key }
        let key = try await self.server().serverKey
        return self.learnedKey.learn(key)
    }

    /// The pinned key, or the one learned so far.
    package var knownServerKey: PublicKey? { self.learnedKey.value }

    func path(_ rest: String) -> String { self.endpoint.restPath + rest }

    /// Tries again what nobody answered, for as long as `patience` says.
    func patiently<Answer: Sendable>(
        _ work: () async throws(TrailsError) -> Answer
    ) async throws(TrailsError) -> Answer {
        let end = ContinuousClock.now + self.patience
        var pause = Duration.milliseconds(100)
        while true {
            do throws(TrailsError) {
                return try await work()
            } catch {
                guard error.isTemporary, ContinuousClock.now + pause < end, !Task.isCancelled else { throw error }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    func read<Record: WireRecord>(_ type: Record.Type, from body: [UInt8]) throws(TrailsError) -> Record {
        do throws(FrameError) {
            return try Record(parsing: body)
        } catch {
            throw .notAnAnswer(self.endpoint, error.message)
        }
    }
}

/// The key of a server: given from the start, or believed at first sight and from then on.
private final class LearnedKey: Sendable {
    private let key: Mutex<PublicKey?>

    init(_ key: PublicKey?) { self.key = Mutex(key) }

    var value: PublicKey? { self.key.withLock { $0 } }

    /// Keeps `key` when there was none; answers with the one that counts.
    func learn(_ key: PublicKey) -> PublicKey {
        self.key.withLock { known in
            if let known { return known }
            known = key
            return key
        }
    }
}

extension Timestamp {
    /// The moment by the system's clock.
    package static func now() -> Timestamp {
        let sinceEpoch = SystemTime.sinceEpoch()
        return Timestamp(milliseconds: sinceEpoch)
    }
}
