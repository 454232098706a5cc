import HashTreeCollections
import Hummingbird
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

extension RESTService {
    /// Passes when the caller may see `app`: it is the app, an ancestor of it, or the administrator.
    func checkRead(_ app: AppID, by caller: Caller) async throws {
        try self.admit(caller)
        guard let reader = caller.app else {
            guard try await self.reader.state(of: app) != nil else { throw Self.unknown(app) }
            return
        }
        switch try await self.reader.standing(of: reader, key: caller.key, to: app) {
        case .itself, .ancestor: break
        case .unknown: throw Self.unknown(app)
        case .revoked: throw Self.error(.revoked(reader))
        case .keyMismatch: throw Self.error(.keyMismatch(reader))
        case .stranger: throw Self.error(.notAuthorized(reader, over: app))
        }
        try await self.checkPlace(of: reader, caller)
        self.renewLease(of: reader, key: caller.key)
    }

    /// Passes when the key of the caller may be used from where the call comes from.
    private func checkPlace(of app: AppID, _ caller: Caller) async throws {
        var state = self.tree().apps[app]
        if state == nil { state = try await self.reader.state(of: app) }
        guard state?.admits(caller.address) ?? true else { throw Self.error(.elsewhere(app)) }
    }

    /// Any call of a detached app keeps it alive; most calls need no record for that.
    private func renewLease(of app: AppID, key: PublicKey) {
        guard let state = self.tree().apps[app], state.presence == .detached, let lease = state.lease else { return }
        let isWorthIt =
            state.status == .lostContact || (state.deadline ?? self.now()) + lease / 16 <= self.now() + lease
        if isWorthIt { _ = self.submit([Job(command: .renew(app, key: key), reply: .none)]) }
    }

    static func unknown(_ app: AppID) -> FrameError { self.error(.unknownApp(app)) }

    static func error(_ refusal: ProcessTree.Refusal) -> FrameError { Job.Failure.refused(refusal).frameError }

    func show(_ app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        return RESTAnswer(.ok, try await self.view(of: app))
    }

    /// An app as it is now.
    func view(of app: AppID) async throws -> AppView {
        guard let stored = try await self.reader.app(app) else { throw Self.unknown(app) }
        var view = AppView(stored)
        view.liveDescendants = Int64(try await self.reader.liveDescendants(of: app))
        return view
    }

    func list(_ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        guard let root = caller.app else {
            throw FrameError(.badMessage, "a list needs an app: the administrator names one: GET apps/ID/children")
        }
        try await self.checkRead(root, by: caller)
        if let prefix = request.uri.queryParameters.get("idPrefix") {
            let ids = try await self.reader.apps(withPrefix: prefix.lowercased(), under: root, limit: 20)
            var items: [AppView] = []
            for id in ids {
                if let app = try await self.reader.app(id) { items.append(AppView(app)) }
            }
            return RESTAnswer(.ok, TrailsWire.Page(items: items))
        }
        var query = AppQuery(root: root)
        query.includesRoot = true
        query.isRecursive = true
        return try await self.page(&query, request)
    }

    func children(of app: AppID, _ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        var query = AppQuery(root: app)
        query.isRecursive = request.uri.queryParameters.get("recursive") == "true"
        return try await self.page(&query, request)
    }

    private func page(_ query: inout AppQuery, _ request: Request) async throws -> RESTAnswer {
        query.statuses = try Self.parameter("status", of: request, "a list of statuses") { text in
            let words = text.split(separator: ",").map { AppStatus(rawValue: String($0)) }
            return words.contains(nil) ? nil : Set(words.compactMap { $0 })
        }
        query.name = request.uri.queryParameters.get("name")
        for tag in request.uri.queryParameters.getAll("tag") {
            let parts = tag.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw FrameError(.badMessage, field: "tag", "is not key:value") }
            query.tag[parts[0]] = parts[1]
        }
        query.since = try Self.moment("since", of: request)
        query.until = try Self.moment("until", of: request)
        query.cursor = request.uri.queryParameters.get("cursor")
        query.limit = try Self.limit(of: request)
        let page = try await self.reader.apps(query)
        return RESTAnswer(.ok, TrailsWire.Page(items: page.items.map(AppView.init), cursor: page.cursor))
    }

    func messages(of app: AppID, _ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        var query = MessageQuery(app: app)
        query.kind = try Self.parameter("type", of: request, "Status, Result or Error") { MessageKind(rawValue: $0) }
        query.after = try Self.event("after", of: request)
        query.limit = try Self.limit(of: request)
        let page = try await self.reader.messages(query)
        return RESTAnswer(.ok, TrailsWire.Page(items: page.items.map(MessageView.init), cursor: page.cursor))
    }

    func snapshot(of app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        guard let latest = try await self.reader.latestStatus(of: app) else {
            throw FrameError(.unknownApp, "app \(app.short) has reported no status")
        }
        return RESTAnswer(.ok, MessageView(latest))
    }

    func events(of app: AppID, _ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        let after = try Self.event("after", of: request) ?? EventID(0)
        let limit = try Self.limit(of: request)
        let scope: HistoryScope = request.uri.queryParameters.get("subtree") == "true" ? .subtree : .app
        let events = try await self.reader.history(under: app, scope: scope, after: after, limit: limit)
        let items = events.map { EventView($0) }
        let cursor = events.count == limit ? events.last.map { String($0.id.number) } : nil
        return RESTAnswer(.ok, TrailsWire.Page(items: items, cursor: cursor))
    }

    func crashes(_ request: Request, _ caller: Caller) async throws -> RESTAnswer {
        guard let root = caller.app else { throw FrameError(.badMessage, "the list of crashes needs an app") }
        try await self.checkRead(root, by: caller)
        var query = AppQuery(root: root)
        query.isRecursive = true
        query.statuses = [.crashed, .lostContact, .startFailed]
        query.since = try Self.moment("since", of: request)
        query.cursor = request.uri.queryParameters.get("cursor")
        query.limit = try Self.limit(of: request)
        let page = try await self.reader.apps(query)
        return RESTAnswer(.ok, TrailsWire.Page(items: page.items.map(AppView.init), cursor: page.cursor))
    }

    func cascade(_ id: CascadeID, _ caller: Caller) async throws -> RESTAnswer {
        guard let stored = try await self.reader.cascade(id) else {
            try self.admit(caller)
            throw FrameError(.unknownApp, "no cancel \(id) is known")
        }
        try await self.checkRead(stored.state.cascade.target, by: caller)
        return RESTAnswer(.ok, CascadeView(stored))
    }

    func control(_ id: CorrelationID, _ caller: Caller) async throws -> RESTAnswer {
        guard let first = try await self.reader.controls(origin: id).first else {
            try self.admit(caller)
            throw Self.error(.unknownControl(id))
        }
        let seen = try await self.controls(id, seenBy: caller)
        // Who may see none of it is told why by the first.
        try await self.checkRead(seen.first?.control.app ?? first.control.app, by: caller)
        return RESTAnswer(.ok, ControlView(id, seen))
    }

    /// Who is above an app, with their keys: what an app needs to check by itself who commands it.
    func ancestors(of app: AppID, _ caller: Caller) async throws -> RESTAnswer {
        try await self.checkRead(app, by: caller)
        var items: [Ancestor] = []
        var next = try await self.reader.state(of: app)?.parent
        while let id = next, let state = try await self.reader.state(of: id) {
            // Who never registered, or lost its key, commands nobody.
            if let key = state.key, !state.isRevoked { items.append(Ancestor(appID: id, publicKey: key)) }
            next = state.parent
        }
        return RESTAnswer(.ok, TrailsWire.Page(items: items))
    }
}

extension ControlView {
    /// What has been answered so far.
    init(_ id: CorrelationID, _ controls: [StoredControl]) {
        let answers = controls.compactMap { stored in
            stored.answer.map { answer in
                Answer(
                    appID: answer.app, correlationID: answer.id, outcome: answer.outcome,
                    result: answer.result.flatMap { try? JSONValue(parsing: Array($0.utf8)) }, error: answer.error)
            }
        }
        self.init(
            correlationID: id, queued: Int64(controls.count), answers: answers,
            pending: Int64(controls.count - answers.count))
    }
}

extension MessageView {
    init(_ stored: StoredReport) {
        let report = stored.report
        self.init(
            eventID: stored.id.number, appID: report.app, incarnation: Int64(report.incarnation), seq: report.seq,
            messageID: report.messageID, kind: report.kind, timestamp: report.timestamp, receivedAt: report.receivedAt,
            correlationID: report.correlation.flatMap { CorrelationID($0) },
            payload: (try? JSONValue(parsing: Array(report.payload.utf8))) ?? .null, isLate: report.isLate,
            isTombstone: report.isTombstone)
    }
}
