import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary
import WebTransport

extension RESTService {
    /// How much of the past is read at once.
    private static var historyPage: Int { 1_000 }

    /// Lets a watcher in, or leaves the request to the router, which says why not.
    func decideWatch(_ request: UpgradeRequest, hub: WatchHub, pump: Pump) async -> UpgradeDecision {
        var admitted: Nonce?
        do {
            let path = request.path + (request.query.map { "?" + $0 } ?? "")
            let call = RESTCall(method: "GET", host: request.host ?? "", path: path, body: [])
            try self.checkOrigin(host: request.host, origin: request.origin)
            let caller = try self.authenticate(
                call, headers: { request.headers.first(name: $0) }, body: [],
                from: request.peerAddress?.ipAddress.flatMap { NetworkAddress($0) })
            let wish = try WatchWish(query: request.query ?? "")
            admitted = self.replays.has(caller.nonce) ? nil : caller.nonce
            try await self.check(wish, by: caller)
            return .accept({ self.socket(wish, of: caller, hub: hub, pump: pump) }, headers: HTTPHeaders())
        } catch {
            if let admitted { self.replays.forgive(admitted) }
            return .refuse
        }
    }

    /// The answer to a watcher that was not let in.
    func refusedWatch(_ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        try await self.check(try WatchWish(query: request.uri.query ?? ""), by: caller)
        throw FrameError(.badMessage, "watch is a WebSocket", hint: "ask for an upgrade to websocket, version 13")
    }

    private func check(_ wish: WatchWish, by caller: Caller) async throws {
        try await self.checkRead(wish.root, by: caller)
        guard let since = wish.since else { return }
        let bounds = try await self.reader.bounds()
        guard since.number + 1 >= bounds.first.number else {
            throw Problem(
                .stale, "what came after event \(since.number) is not kept any more",
                hint: "begin anew, without since", status: 410)
        }
    }

    private func socket(_ wish: WatchWish, of caller: Caller, hub: WatchHub, pump: Pump) -> WatchSocket {
        WatchSocket(
            root: wish.root, scope: wish.scope, watcher: caller.app, at: caller.address, hub: hub,
            metrics: self.metrics
        ) { socket in pump.add { await self.catchUp(socket, wish, of: caller) } }
    }

    private func catchUp(_ socket: WatchSocket, _ wish: WatchWish, of caller: Caller) async {
        do {
            // The key may have been revoked between the look at the door and the hub's first word.
            guard try await self.mayStillRead(wish.root, caller) else {
                socket.expel("revoked")
                return
            }
            let last = try await self.reader.bounds().last
            var after = wish.since ?? last
            while after < last {
                let page = try await self.reader.history(
                    under: wish.root, scope: wish.scope, after: after, limit: Self.historyPage)
                var frames: [WatchSocket.Frame] = []
                for stored in page where stored.id <= last {
                    guard let app = stored.app, let state = try await self.reader.state(of: app) else { continue }
                    frames.append(
                        WatchSocket.Frame(id: stored.id, buffer: WatchHub.frame(stored.id, stored.event, state)))
                }
                guard await socket.missed(frames) else { return }
                guard page.count == Self.historyPage, let end = page.last?.id else { break }
                after = end
            }
            socket.becomeLive(at: last)
        } catch {
            self.logger.error("a watcher could not catch up", metadata: LogKeys.error(error))
            socket.fail("the store cannot be read")
        }
    }
}

extension RESTService {
    private func mayStillRead(_ app: AppID, _ caller: Caller) async throws -> Bool {
        guard let reader = caller.app else { return true }
        switch try await self.reader.standing(of: reader, key: caller.key, to: app) {
        case .itself, .ancestor: return true
        case .unknown, .revoked, .keyMismatch, .stranger: return false
        }
    }
}

/// What a watcher asks for.
struct WatchWish: Sendable {
    var root: AppID
    var scope: HistoryScope
    var since: EventID?

    init(query: String) throws(FrameError) {
        var root: (AppID, HistoryScope)?
        var since: EventID?
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "app_id": root = (try Self.app(parts), .app)
            case "parent_id": root = (try Self.app(parts), .children)
            case "subtree": root = (try Self.app(parts), .subtree)
            case "since":
                guard let number = Int64(parts[1]), number >= 0 else {
                    throw FrameError(.badMessage, field: "since", "is not an event id")
                }
                since = EventID(number)
            default: throw FrameError(.badMessage, field: parts[0].shownToPeople(), "is no filter known here")
            }
        }
        guard let root else {
            throw FrameError(.badMessage, "a watcher names what it watches: app_id, parent_id or subtree")
        }
        self.root = root.0
        self.scope = root.1
        self.since = since
    }

    private static func app(_ parts: [String]) throws(FrameError) -> AppID {
        guard let app = AppID(parts[1]) else { throw FrameError(.badMessage, field: parts[0], "is not a UUID") }
        return app
    }
}
