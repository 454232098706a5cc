import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import TrailsWire
package import Vocabulary
import WebTransport

/// Follows what happens to apps, across broken connections and restarts of the server.
///
///     subscribe ── live ──► read by REST, then hear each change
///        ▲                     │
///        └── connection ended ─┘   with `since`: what was missed is told first, then `live` again
///
/// So whoever reads the state at each `live` misses nothing.
package struct Watch: Sendable {
    /// What is watched.
    package enum Scope: Hashable, Sendable {
        case app(AppID)
        /// The direct children.
        case children(of: AppID)
        /// The app and all below it.
        case subtree(AppID)
    }

    /// What a watcher is told.
    package enum Item: Sendable {
        /// Caught up: the time to read, and to read again after an interruption.
        case live
        case event(WatchFrame.Event)
        /// The connection is gone, or never came; the watch tries again until its patience ends.
        case interrupted(TrailsError)
    }

    package enum Step: Sendable {
        case goOn, stop
    }

    let api: TrailsAPI
    let scope: Scope
    let credentials: Credentials
    /// How long the server may be away before the watch gives up.
    let patience: Duration

    package init(_ api: TrailsAPI, _ scope: Scope, as credentials: Credentials, patience: Duration = .seconds(120)) {
        self.api = api
        self.scope = scope
        self.credentials = credentials
        self.patience = patience
    }

    /// Tells `body` all that happens after `since`, until it says stop, throws, or the task is cancelled.
    package func run(
        since: Int64? = nil, _ body: (Item) async throws(TrailsError) -> Step
    ) async throws(TrailsError) {
        var state = State(since: since, lastHeard: .now)
        while true {
            do throws(TrailsError) {
                if try await self.connection(&state, body) == .stop { return }
            } catch {
                guard error.isTemporary, !Task.isCancelled else { throw error }
                guard ContinuousClock.now - state.lastHeard < self.patience else { throw error }
                if try await body(.interrupted(error)) == .stop { return }
            }
            do { try await Task.sleep(for: state.nextPause()) } catch {
                throw TrailsError(.timeout, "the watch was cancelled")
            }
        }
    }

    private struct State {
        var since: Int64?
        var lastHeard: ContinuousClock.Instant
        var failures = 0

        /// 100 ms, doubled up to five seconds, and up to half as much again at random.
        mutating func nextPause() -> Duration {
            let pause = min(Duration.milliseconds(100) * (1 << min(self.failures, 6)), .seconds(5))
            self.failures += 1
            return pause + pause * Double.random(in: 0...0.5)
        }

        mutating func heard() {
            self.lastHeard = .now
            self.failures = 0
        }
    }

    /// One connection, from its opening to its end.
    private func connection(
        _ state: inout State, _ body: (Item) async throws(TrailsError) -> Step
    ) async throws(TrailsError) -> Step {
        let (connection, inbox) = try await self.open(&state)
        defer { connection.close(code: 1000, reason: "") }
        while let text = await inbox.next() {
            state.heard()
            switch try self.api.read(WatchFrame.self, from: Array(text.readableBytesView)) {
            case .live(let eventID):
                state.since = eventID
                if try await body(.live) == .stop { return .stop }
            case .event(let event):
                state.since = event.eventID
                if try await body(.event(event)) == .stop { return .stop }
            }
        }
        if Task.isCancelled { throw TrailsError(.timeout, "the watch was cancelled") }
        if inbox.hasGap { state.since = nil }
        throw .unreachable(self.api.endpoint, inbox.ending)
    }

    private func open(_ state: inout State) async throws(TrailsError) -> (WebSocketConnection, WatchInbox) {
        do throws(TrailsError) {
            return try await self.connect(since: state.since)
        } catch {
            guard error.problem?.code == .stale else { throw error }
        }
        // Signed before the server started, or `since` is older than what it keeps: then what was missed is not told,
        // and whoever watches reads the state at `live`.
        do throws(TrailsError) {
            return try await self.connect(since: state.since)
        } catch {
            guard error.problem?.code == .stale, state.since != nil else { throw error }
            state.since = nil
            return try await self.connect(since: nil)
        }
    }

    private func connect(since: Int64?) async throws(TrailsError) -> (WebSocketConnection, WatchInbox) {
        let query = self.query.with("since", since.map(String.init))
        let path = self.api.path("/watch" + query.text)
        let serverKey = try await self.api.serverKey()
        var generator = SystemRandomNumberGenerator()
        let signed = try self.api.headers(
            "GET", path, [], as: self.credentials, nonce: .request(using: &generator), serverKey: serverKey)
        let scheme = self.api.endpoint.isTLS ? "wss" : "ws"
        let inbox = WatchInbox()
        do throws(WebSocketClientError) {
            let url = try WebSocketURL("\(scheme)://\(self.api.endpoint.hostHeader)\(path)")
            let connection = try await WebSocketClient.connect(
                to: url, headers: HTTPHeaders(signed.map { ($0.name, $0.value) }), trust: self.api.trust,
                on: self.api.http.eventLoopGroup, limits: Self.limits, session: inbox)
            return (connection, inbox)
        } catch {
            throw self.failure(error)
        }
    }

    /// An event may hold a message and a result of a megabyte each.
    private static let limits = WebSocketLimits(messageMax: 8 << 20)

    private var query: Query {
        switch self.scope {
        case .app(let id): Query(("app_id", id.description))
        case .children(let id): Query(("parent_id", id.description))
        case .subtree(let id): Query(("subtree", id.description))
        }
    }

    private func failure(_ error: WebSocketClientError) -> TrailsError {
        switch error.code {
        case .refused:
            if let body = error.body, let problem = try? Problem(parsing: body.utf8) {
                TrailsError(refused: problem)
            } else {
                .notAnAnswer(self.api.endpoint, error.message)
            }
        case .tls: TrailsError(.untrustedServer, error.message, hint: error.hint)
        case .cancelled: TrailsError(.timeout, "the watch was cancelled")
        default: TrailsError(.unreachable, error.message, hint: error.hint)
        }
    }
}
